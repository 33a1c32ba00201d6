# SPDX-License-Identifier: BSD-2-Clause
"""From the records of a trace to what they tell: who had which CPU, what each vCPU did, which event caused which handler."""

from collections import namedtuple

from trace_stream import CALLS, REASONS, STATES, text

# hv/x86/vectors.h
VECTORS = {0xf0: "timer", 0x31: "timer (HPET)", 0x33: "guard", 0x30: "serial line", 0x32: "power button", 0x34: "word of another CPU",
           0x100: "nothing"}
EXCEPTIONS = 32
TIMERS = {0xf0, 0x31}
NOTHING = 0x100
# hv/shared/abi/lull.h, LULL_IRQ_*
IRQS = ("timer", "doorbell", "running time", "console", "tick", "resume")

Slice = namedtuple("Slice", "start end name args")
Instant = namedtuple("Instant", "ns name args")
Interrupt = namedtuple("Interrupt", "ns cpu vector")
# One event of a guest's timer: armed (None: before the trace), expired on a CPU, handled.
Flow = namedtuple("Flow", "guest armed expired cpu handled")
# A timer that is no guest's event has expired: why there was one, whose it was (0: no guest's).
Fired = namedtuple("Fired", "ns cpu reason guest deadline")
Phase = namedtuple("Phase", "name start end")


def vector_name(vector):
    if vector < EXCEPTIONS:
        return f"exception {vector}"
    return VECTORS.get(vector, f"vector {vector:#x}")


def irq_names(bits):
    return ", ".join(name for i, name in enumerate(IRQS) if bits >> i & 1) or "nothing"


def label(value):
    return text(value.to_bytes(8, "little"))


class Lane:
    """Slices that follow each other; the last one may be open."""

    def __init__(self):
        self.slices = []
        self.open = None  # (start, name, args)

    def begin(self, ns, name, **args):
        self.finish(ns)
        self.open = (ns, name, args)

    def finish(self, ns, **more):
        if self.open is not None:
            start, name, args = self.open
            self.slices.append(Slice(start, max(ns, start), name, {**args, **more}))
        self.open = None


class Vcpu:
    def __init__(self):
        self.state, self.calls, self.armed = Lane(), Lane(), Lane()
        self.handlers = []  # Slices: upcalls, from the first instruction to what the hypervisor sees of the guest next
        self.instants = []
        self.delivered = []  # ns: the guest is told of a timer event
        self.armed_ns = None  # of the event that is held
        self.due = None  # (armed, expired, CPU) of the event that is on its way to the guest
        self.upcall = None  # the handler that began last


class Story:
    """What the records of a trace_stream.Trace tell."""

    def __init__(self, trace):
        self.trace = trace
        self.cpus, self.vcpus = {}, {}
        self.interrupts, self.flows, self.marks, self.programs, self.expiries, self.fired = [], [], [], [], [], []
        self.start = trace.records[0].ns if trace.records else 0
        self.end = trace.records[-1].ns if trace.records else 0
        for record in trace.records:
            self.guest_goes_on(record)
            self.cpu(record.cpu)
            tell = getattr(self, "on_" + record.event, None)
            if tell is not None:
                tell(record)
        for vcpu in self.vcpus.values():
            self.end_handler(vcpu, self.end)
        for lane in [*self.cpus.values(), *(lane for vcpu in self.vcpus.values()
                                            for lane in (vcpu.state, vcpu.calls, vcpu.armed))]:
            lane.finish(self.end)

    def cpu(self, number):
        return self.cpus.setdefault(number, Lane())

    def vcpu(self, number):
        if number not in self.vcpus:
            self.vcpus[number] = Vcpu()
        return self.vcpus[number]

    def guest_goes_on(self, record):
        """The handler that began last has run until now."""
        if record.guest in self.vcpus:
            self.end_handler(self.vcpus[record.guest], record.ns)

    @staticmethod
    def end_handler(vcpu, ns):
        if vcpu.upcall is not None:
            start, name, args = vcpu.upcall
            vcpu.handlers.append(Slice(start, max(ns, start), name, args))
            vcpu.upcall = None

    def handled(self, record):
        vcpu = self.vcpu(record.guest)
        if vcpu.due is not None:
            self.flows.append(Flow(record.guest, *vcpu.due, record.ns))
        vcpu.due = None

    # ---- The CPU

    def on_sleep(self, record):
        self.cpu(record.cpu).begin(record.ns, "asleep")

    def on_woken(self, record):
        self.cpu(record.cpu).finish(record.ns)
        if record.detail != NOTHING:
            self.interrupts.append(Interrupt(record.ns, record.cpu, record.detail))

    def on_trap(self, record):
        if record.detail >= EXCEPTIONS:
            self.interrupts.append(Interrupt(record.ns, record.cpu, record.detail))
        else:
            self.vcpu(record.guest).instants.append(
                Instant(record.ns, vector_name(record.detail), {"rip": hex(record.a)}))

    def on_program(self, record):
        self.programs.append((record.ns, record.cpu, record.a))

    def on_fire(self, record):
        reason = self.trace.name(REASONS, record.detail, f"timer for reason {record.detail}")
        self.fired.append(Fired(record.ns, record.cpu, reason, record.guest, record.a))

    # ---- Who has it

    def on_run(self, record):
        self.cpu(record.cpu).begin(record.ns, self.trace.guest(record.guest))
        self.vcpu(record.guest).state.begin(record.ns, "running", cpu=record.cpu)

    def on_stop(self, record):
        vcpu, name = self.vcpu(record.guest), self.trace.name(STATES, record.detail, f"state {record.detail}")
        self.cpu(record.cpu).finish(record.ns)
        vcpu.state.begin(record.ns, name)
        if name == "ended":  # with it the call that does not return, and the event that does not come
            vcpu.calls.finish(record.ns)
            vcpu.armed.finish(record.ns)

    def on_wait(self, record):
        self.vcpu(record.guest).state.begin(record.ns, "runnable")

    def on_defer(self, record):
        vcpu = self.vcpu(record.guest)
        vcpu.state.begin(record.ns, "runnable")
        vcpu.instants.append(Instant(record.ns, "storm: event deferred", {"deadline_ns": record.a}))

    # ---- Hypercalls and marks

    def on_call(self, record):
        self.vcpu(record.guest).calls.begin(
            record.ns, self.trace.name(CALLS, record.detail, f"call {record.detail}"), a=hex(record.a), b=hex(record.b))

    def on_return(self, record):
        self.vcpu(record.guest).calls.finish(record.ns, result=hex(record.a))
        if record.a >> 32 & 1:  # LULL_WOKE_TIMEOUT: it goes on behind its call, which told of the event
            self.vcpu(record.guest).upcall = (record.ns, "goes on", {})
            self.handled(record)

    def on_mark(self, record):
        self.vcpu(record.guest).instants.append(Instant(record.ns, label(record.a), {"value": record.b}))

    def on_phase(self, record):
        self.marks.append(Instant(record.ns, label(record.a), {"value": record.b}))

    # ---- Events

    def on_arm(self, record):
        vcpu = self.vcpu(record.guest)
        vcpu.armed.begin(record.ns, "armed", deadline_ns=record.a, slack_ns=record.b)
        vcpu.armed_ns = record.ns

    def on_disarm(self, record):
        vcpu = self.vcpu(record.guest)
        vcpu.armed.finish(record.ns)
        vcpu.armed_ns = None

    def on_move(self, record):
        vcpu = self.vcpu(record.guest)
        vcpu.armed.finish(record.ns, moved_to_ns=record.b)
        vcpu.instants.append(Instant(record.ns, "arm without a trap noticed", {"from_ns": record.a, "to_ns": record.b}))

    def on_expire(self, record):
        vcpu = self.vcpu(record.guest)
        vcpu.armed.finish(record.ns)
        vcpu.due = (vcpu.armed_ns, record.ns, record.cpu)
        vcpu.armed_ns = None
        self.expiries.append((record.ns, record.cpu, record.guest, record.a))

    def on_deliver(self, record):
        self.vcpu(record.guest).delivered.append(record.ns)

    def on_pend(self, record):
        self.vcpu(record.guest).instants.append(Instant(record.ns, f"pending: {irq_names(record.detail)}", {}))

    def on_upcall(self, record):
        vcpu = self.vcpu(record.guest)
        vcpu.upcall = (record.ns, f"handler: {irq_names(record.detail)}", {"rip": hex(record.a)})
        if record.detail & 1:
            self.handled(record)

    # ---- The whole

    def phases(self):
        """The hypervisor's marks in pairs: NAME .. end."""
        found, begun = [], None
        for mark in self.marks:
            if mark.name != "end":
                begun = mark
            elif begun is not None:
                found.append(Phase(begun.name, begun.ns, mark.ns))
                begun = None
        return found
