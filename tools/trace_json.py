# SPDX-License-Identifier: BSD-2-Clause
"""A trace as JSON of the Trace Event Format, which the Perfetto UI and Chrome's tracing page open.

A process `CPUs` with a thread for who has each CPU and one for its interrupts, and a process for each vCPU with threads for its state, its
hypercalls and its timer. Times are microseconds of the machine's clock, with three decimals.
"""

import functools
import json

from trace_story import vector_name
from trace_stream import NEVER

CPUS = 1  # process ids; that of a vCPU is behind
GUESTS = 1000
STATE, CALLS, TIMER = 1, 2, 3
BUCKETS = 400  # of the counters
BUCKET_NS_MIN = 1000000


def micro(ns):
    """Nanoseconds as microseconds, exactly, in text."""
    sign = "-" if ns < 0 else ""
    return f"{sign}{abs(ns) // 1000}.{abs(ns) % 1000:03}"


@functools.lru_cache(maxsize=4096)
def quoted(text):
    return json.dumps(text)


def arguments(args):
    return ',"args":' + json.dumps(args, separators=(",", ":")) if args else ""


class Writer:
    def __init__(self, story):
        self.story = story
        self.events = []
        self.flow = 0

    def add(self, phase, pid, tid, ns, name, more=""):
        """An event; `more` is the text of further keys. There are hundreds of thousands, so they are written by hand."""
        self.events.append((ns, f'{{"ph":"{phase}","pid":{pid},"tid":{tid},"ts":{micro(ns)},"name":{quoted(name)}{more}}}'))

    def describe(self, pid, tid, name, order):
        what = "thread" if tid else "process"
        self.add("M", pid, tid, 0, f"{what}_name", arguments({"name": name}))
        self.add("M", pid, tid, 0, f"{what}_sort_index", arguments({"sort_index": order}))

    def slice(self, pid, tid, start, end, name, args, kind):
        self.add("X", pid, tid, start, name, f',"dur":{micro(end - start)},"cat":"{kind}"{arguments(args)}')

    def lane(self, pid, tid, slices, kind):
        for part in slices:
            self.slice(pid, tid, part.start, part.end, part.name, part.args, kind)

    def instant(self, pid, tid, ns, name, args, scope="t"):
        self.add("i", pid, tid, ns, name, f',"s":"{scope}"{arguments(args)}')

    # ---- What there is to show

    def cpus(self):
        story = self.story
        self.describe(CPUS, 0, "CPUs", 0)
        for cpu in sorted(story.cpus):
            self.describe(CPUS, 2 * cpu + 1, f"CPU {cpu}", 2 * cpu)
            self.describe(CPUS, 2 * cpu + 2, f"CPU {cpu} interrupts", 2 * cpu + 1)
            self.lane(CPUS, 2 * cpu + 1, story.cpu(cpu).slices, "cpu")
        for interrupt in story.interrupts:
            self.instant(CPUS, 2 * interrupt.cpu + 2, interrupt.ns, vector_name(interrupt.vector), {})
        for ns, cpu, until in story.programs:
            self.instant(CPUS, 2 * cpu + 2, ns, "timer hardware set", {"until_ns": until if until < NEVER else "never"})
        for ns, cpu, guest, deadline in story.expiries:
            self.slice(CPUS, 2 * cpu + 2, ns, ns, "expiry", {"guest": story.trace.guest(guest), "deadline_ns": deadline},
                       "timer")
        for fired in story.fired:
            whose = {"guest": story.trace.guest(fired.guest)} if fired.guest else {}
            self.instant(CPUS, 2 * fired.cpu + 2, fired.ns, f"expiry: {fired.reason}", {**whose, "deadline_ns": fired.deadline})
        for mark in story.marks:
            self.instant(CPUS, 1, mark.ns, mark.name, mark.args, "g")

    def vcpu(self, guest, vcpu):
        pid = GUESTS + guest
        self.describe(pid, 0, f"vCPU of {self.story.trace.guest(guest)}", pid)
        for tid, name in ((STATE, "state"), (CALLS, "hypercalls"), (TIMER, "timer, handlers")):
            self.describe(pid, tid, name, tid)
        self.lane(pid, STATE, vcpu.state.slices, "state")
        self.lane(pid, CALLS, vcpu.calls.slices, "hypercall")
        for part in vcpu.armed.slices:  # asynchronous: an event may be armed while a handler runs
            ident = f',"cat":"armed","id":"{guest}.{part.start}"'
            self.add("b", pid, TIMER, part.start, part.name, ident + arguments(part.args))
            self.add("e", pid, TIMER, part.end, part.name, ident)
            self.slice(pid, CALLS, part.start, part.start, "arm", part.args, "timer")
        self.lane(pid, TIMER, vcpu.handlers, "handler")
        for instant in vcpu.instants:
            self.instant(pid, STATE, *instant)

    def flows(self):
        """From the arm to the expiry to the handler."""
        for flow in self.story.flows:
            pid = GUESTS + flow.guest
            steps = [(CPUS, 2 * flow.cpu + 2, flow.expired), (pid, TIMER, flow.handled)]
            if flow.armed is not None:
                steps.insert(0, (pid, CALLS, flow.armed))
            self.flow += 1
            for i, (step_pid, tid, ns) in enumerate(steps):
                phase = "s" if i == 0 else "f" if i == len(steps) - 1 else "t"
                self.add(phase, step_pid, tid, ns, "timer event",
                         f',"cat":"timer","id":{self.flow}' + (',"bp":"e"' if phase == "f" else ""))

    def rate(self, name, moments):
        """A counter of how often something happened in a second, bucket by bucket; equal ones are left out."""
        story, last = self.story, None
        width = max((story.end - story.start) // BUCKETS, BUCKET_NS_MIN)
        counts = [0] * ((story.end - story.start) // width + 1)
        for ns in moments:
            counts[min(max(ns - story.start, 0) // width, len(counts) - 1)] += 1
        for i, count in enumerate([*counts, 0]):
            if count != last:
                self.add("C", CPUS, 0, story.start + i * width, name,
                         arguments({"per second": round(count * 1e9 / width, 1)}))
            last = count

    def armed(self):
        """A counter of the guests' events that are held."""
        changes = sorted((ns, change) for vcpu in self.story.vcpus.values() for part in vcpu.armed.slices
                         for ns, change in ((part.start, 1), (part.end, -1)))
        count, shown, since = 0, None, None
        for ns, change in changes:
            count += change
            if count != shown and (since is None or ns - since >= BUCKET_NS_MIN):
                self.add("C", CPUS, 0, ns, "guests' events held", arguments({"events": count}))
                shown, since = count, ns

    def write(self):
        self.cpus()
        for guest, vcpu in sorted(self.story.vcpus.items()):
            self.vcpu(guest, vcpu)
        self.flows()
        self.rate("hardware interrupts", [interrupt.ns for interrupt in self.story.interrupts])
        self.rate("guests' timer interrupts", [ns for vcpu in self.story.vcpus.values() for ns in vcpu.delivered])
        self.armed()
        self.events.sort(key=lambda event: event[0])
        return [text for _, text in self.events]


def render(story):
    """The text of the JSON file: one event in a line."""
    trace = story.trace
    other = {"records": len(trace.records), "records_lost": sum(trace.lost.values()), "problems": trace.problems}
    lines = ",\n".join(Writer(story).write())
    return (f'{{"displayTimeUnit":"ns","otherData":{json.dumps(other)},"traceEvents":[\n{lines}\n]}}\n')
