# SPDX-License-Identifier: BSD-2-Clause
"""The self-test inside the hypervisor: every line is counted, every guest of the list has its verdict."""

import re


def test_selftest(boot, entry):
    boot_line, modules = entry("selftest")
    outcome = boot(f"{boot_line} exit=debug", modules).succeeded()
    verdicts = re.findall(r"^selftest: ([^:\n]+): (success|skip|error|failure)\b(.*)$", outcome.text, re.MULTILINE)
    bad = [verdict for verdict in verdicts if verdict[1] in ("error", "failure")]
    skipped = [verdict for verdict in verdicts if verdict[1] == "skip"]
    assert not bad, outcome.text
    assert not skipped, f"this machine can run every test, but some were skipped: {skipped}"

    passed, failed = map(int, outcome.says(r"^selftest: (\d+) passed, (\d+) failed$").groups())
    assert failed == 0
    assert passed == sum(verdict[1] == "success" for verdict in verdicts), outcome.text

    names = {name for name, _, _ in verdicts}
    missing = [line.split()[0] for _, line in modules if line.split()[0] not in names]
    assert not missing, f"guests without a verdict: {missing}\n{outcome.text}"


def test_a_wrong_expectation_fails(boot, entry):
    """The self-test can fail: the first guest's expectation is turned round."""
    boot_line, modules = entry("selftest")
    image, line = next((image, line) for image, line in modules if "expect=exit:0" in line)
    turned = line.replace("expect=exit:0", "expect=exit:77")
    outcome = boot(f"{boot_line} exit=debug", [(image, turned)])
    outcome.says(rf"^selftest: {line.split()[0]}: failure")
    failed = int(outcome.says(r"^selftest: \d+ passed, (\d+) failed$").group(1))
    assert failed >= 1
    assert outcome.status != 33
