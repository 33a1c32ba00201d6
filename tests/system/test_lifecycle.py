# SPDX-License-Identifier: BSD-2-Clause
"""From a guest's making to its end, and again: restart policies, memory that is out, watchdogs, ten thousand lives."""

import re

from conftest import until


def ask(machine, command):
    """The output of a command, whatever the log says meanwhile: up to the answer to a word that is no command."""
    machine.child.send(f"{command}\rend\r")
    text, _ = machine.expect("`end`: there is no such command")
    machine.prompt()
    return text


def rows(monitor):
    """{name: (number, state)} of the `guests` table; the state with what stands behind it."""
    found = re.findall(r"^ *(\d+) (\S+) +\d+ +\d+ +\d+ +\d+ +\d+  (.*)$", ask(monitor, "guests"), re.MULTILINE)
    return {name: (int(number), state) for number, name, state in found}


def restarts(state):
    match = re.search(r"; restarts: (\d+)$", state)
    return int(match.group(1)) if match else 0


def test_policies(console):
    """Each end as its policy says, and a guest that has ended well is left alone."""
    machine = console("mode=interactive", [("exit_code", f"exit_code name={policy}.{code} restart={policy} -- code={code}")
                                           for policy in ("never", "on-failure", "always") for code in (0, 1)],
                      icount=True)
    machine.prompt()
    again = ("on-failure.1", "always.0", "always.1")
    until(lambda: all(restarts(rows(machine)[name][1]) >= 3 for name in again), "three restarts of each")
    waiting = {}

    def each_has_waited():
        """A look may find it alive."""
        waiting.update({name: state for name, (_, state) in rows(machine).items() if "again in" in state})
        return waiting.keys() >= set(again)

    until(each_has_waited, "a wait of each")
    for name in again:
        assert re.fullmatch(rf"ended: exit code {name[-1]}.*; again in \d+\.\d+ s; restarts: \d+", waiting[name]), waiting
    found = rows(machine)
    for name in ("never.0", "never.1", "on-failure.0"):
        assert found[name][1] == f"ended: exit code {name[-1]}", found  # and nothing to see: it has written nothing
        assert name not in waiting, waiting


def test_the_waits_are_those_that_are_promised(console):
    """10 ms, twice as long each time, 10 s at most, by the log's own clock; idle time is for nothing."""
    machine = console("mode=interactive", [("exit_code", "exit_code name=again restart=always -- code=1")], icount=True)
    text, match = machine.expect(r"\[ *(\d+\.\d+)\] guest 33 \(again\) is the guest that was 32, made again for the 32\. time")
    stamp = r"^\[ *(\d+)\.(\d+)\] guest \d+ \(again\) "
    ended = [int(s + us) for s, us in re.findall(stamp + "exited with code 1", text, re.MULTILINE)]
    made = [int(s + us) for s, us in re.findall(stamp + "is the guest that was", text, re.MULTILINE)]
    # As the wait has grown to the longest, only the 16th and the 32nd life are told of.
    assert len(made) == 11 and len(ended) == 12, text
    off_us = [made[i] - ended[i] - (10000 << i) for i in range(10)]
    assert all(0 <= off < 1000 for off in off_us), (off_us, text)
    last_us = int(match[1].replace(b".", b""))
    assert 0 <= last_us - made[10] - 16 * 10 ** 7 < 16 * 1000, text


def test_kill_ends_the_wait_and_restart_does_it_at_once(console):
    machine = console("mode=interactive", [("exit_code", "exit_code name=again restart=always -- code=3"),
                                           ("guest", "guest name=clock mem=256K restart=always -- work=idle hz=1")],
                      icount=True)  # the clock of a machine in which nothing is to come stands still
    machine.prompt()
    until(lambda: restarts(rows(machine)["again"][1]) >= 12, "waits of 10 s")
    ask(machine, "kill again")  # mostly it waits; if it lives just now, that is its end
    number, state = rows(machine)["again"]
    assert "again in" not in state and re.match("ended: exit code 3|killed: operator", state), state
    lived = restarts(state)
    now_s = uptime_s(machine)
    until(lambda: uptime_s(machine) > now_s + 60, "a minute")
    assert rows(machine)["again"] == (number, state)
    text = ask(machine, "restart again")
    assert f"is the guest that was {number}" in text, text
    until(lambda: restarts(rows(machine)["again"][1]) >= lived + 2, "its policy, which holds again")
    # What lives is killed for good, whatever its policy; what waits does not wait any more.
    ask(machine, "kill all")
    found = rows(machine)
    assert all("again in" not in state for _, state in found.values()), found
    assert found["clock"][1] == "killed: operator", found


def uptime_s(machine):
    return int(re.search(r"up (\d+)\.", ask(machine, "stats")).group(1))


def census(machine):
    """What guests take of the machine, as its commands tell it; None while the guest lives, or is being buried."""
    state = rows(machine)["again"][1]
    memory = ask(machine, "mem")
    timers = ask(machine, "timers")
    vcpus = re.search(r"^ *0 +\d+ +(\d+) ", ask(machine, "cpu"), re.MULTILINE).group(1)
    own = re.findall(r"guest \d+ \((\S+)\): (\d+) pages of its own", memory)
    if "again in" not in state or ("again", "3") not in own:
        return None
    return (re.search(r"(\d+) in use, (\d+) free", memory).groups(), own,
            re.findall(r"image at \S+ (\d+) pages, for all of its (\d+) guests", memory),
            re.search(r"(\d+) timers? armed; the wheel is sound", timers).group(1), vcpus)


def test_ten_thousand_lives(console):
    """Pages, timers, vCPUs, images, names: what there is of each while the guest waits for its second life, and after 10,000."""
    machine = console("mode=interactive", [("exit_code", "exit_code name=again mem=8K restart=always -- code=1"),
                                           ("sleeper", "sleeper mem=8K")], icount=True)
    machine.prompt()
    before = until(lambda: (found := census(machine)) and found == census(machine) and found, "a wait")
    machine.expect(r"made again for the 8192\. time")
    until(lambda: restarts(rows(machine)["again"][1]) >= 10000, "ten thousand lives")
    until(lambda: census(machine) == before, lambda: f"what there was before, {before}; there is {census(machine)}")
    assert sorted(re.findall(r"^ *\d+ (\w+) ", ask(machine, "guests"), re.MULTILINE)) == ["again", "sleeper"]


def test_memory_that_is_out_refuses_one_creation(console):
    """At boot one module, at the prompt one command; what lives goes on, and what is asked for next is made."""
    machine = console("mode=interactive", [("guest", "guest name=big count=4 mem=24M"), ("guest", "guest name=small mem=1M")],
                      memory="80M", icount=True)
    text = machine.prompt()
    refused = re.search(r"module 0 refused: big, instance 3 of 4: memory is out: it needs (\d+) KiB and (\d+) KiB are left; "
                        r"ask for less \(mem=\), end other guests, or give the machine more", text)
    assert refused and int(refused[1]) > 24 * 1024 > int(refused[2]), text
    assert sorted(rows(machine)) == ["big.0", "big.1", "big.2", "small"]
    text = ask(machine, "create guest name=more mem=24M")
    assert re.search(r"`guest`: number 1 of 1 was refused: memory is out: it needs \d+ KiB and \d+ KiB are left", text), text
    assert all(state in ("running", "runnable", "blocked") for _, state in rows(machine).values())
    # Exactly what it says: with so much less it fits.
    needs, left = map(int, re.search(r"needs (\d+) KiB and (\d+) KiB", text).groups())
    ask(machine, f"create guest name=fits mem={24 * 1024 - (needs - left) - 4}K")
    assert "fits" in rows(machine)
    text = ask(machine, "restart small")
    assert "is the guest that was" in text, text


def test_what_cannot_be_a_guest_is_not_offered(console, tmp_path):
    junk = tmp_path / "junk"
    junk.write_bytes(b"This is no image. " * 100)
    machine = console("mode=interactive", [(str(junk), "junk"), ("spin", "spin")])
    machine.expect("module 0 refused: junk")
    machine.prompt()
    text = ask(machine, "create nothing")
    assert "`nothing`: there is no such image; expected one of spin\n" in text.replace("\r", ""), text
    machine.child.send("create \t")
    machine.expect(r"create spin ")


def test_a_paused_guest_is_not_ended_by_its_watchdog(boot):
    """20 ms, set again every millisecond that it may run: it is paused for 50 ms, again and again."""
    boot("mode=selftest exit=debug", [("watchdog", "watchdog expect=exit:0 pause=50ms -- do=feed period=20")]).succeeded()


def test_the_guest_os_feeds_its_watchdog(boot):
    """However it waits, a guest lives that comes to idle, and one with a thread that computes for ever does not."""
    guests = []
    for way in ("idle=block", "idle=halt", "arm=call", "hz=1000", "hz=10"):
        guests += [f"guest name=hangs expect=kill:watchdog -- {way} watchdog=20ms stress -c 1 -t 10s",
                   f"guest name=lives expect=exit:0 -- {way} watchdog=1ms work=random n=500",
                   f"guest name=unwatched expect=exit:0 -- {way} stress -c 1 -t 100ms"]
    boot("mode=selftest exit=debug", [("guest", line) for line in guests]).succeeded()


def test_a_watchdog_restarts_a_guest(console):
    machine = console("mode=interactive", [("watchdog", "watchdog name=stuck restart=on-failure -- do=compute period=30")],
                      icount=True)
    text, _ = machine.expect(r"made again for the 2\. time")
    assert re.search(r"guest 1 \(stuck\) killed: watchdog: it did not set its watchdog again within 0\.030000000 s; it was computing",
                     text), text
    assert re.search(r"rip 0x\w+ <(test_spin|clock_now_ns)\+", text), text
    machine.expect(r"made again for the 4\. time")
