# Test guests: one image build/guests/NAME.elf for each NAME, from tests/guests/NAME.c and TEST_GUEST_LIB.
# tests/guests/selftest.list says with which module lines the self-test boots them.

# Linked into every test guest (sources in guest/, hv/shared/lib/ or tests/guests/, .c and .asm).
TEST_GUEST_LIB :=

TEST_GUESTS :=
