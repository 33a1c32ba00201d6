// SPDX-License-Identifier: BSD-2-Clause
// No wake-up is lost: halt, enable, pending and arm against expiry and doorbells, on two CPUs.
//
// README.md beside this file says what is modelled, what is not, and how to run it. Each step names the function that it
// stands for. What a CPU does to its own state with interrupts off is one step up to its next look at, or change of, what
// another CPU, a chip or the guest can see meanwhile: the page's words `pending`, `mailed`, the mail, the interrupts.
//
// Time: nobody knows how late it is, only how many ticks are left of each deadline. 0 is due, NEVER is no deadline. So the
// model has finitely many states though it runs for ever, and every speed of the CPUs against each other is in it.

#define CPUS 2
#ifdef SHARED_CPU // two vCPUs share CPU 1: its mail holds two, and they take turns
#define VCPUS 3
#define OWNER(v) ((v) != 0)
#else
#define VCPUS 2
#define OWNER(v) (v)
#endif

// The guests that have timers: that of CPU 1, or none.
#ifdef TIMERS
#define TIMED(v) ((v) != 0)
#else
#define TIMED(v) false
#endif

// How guests wait: in every way, and each time in another; where there are three of them, one way for each.
#ifdef SHARED_CPU
#define SPINS(v) false
#define HALTS(v) ((v) == 1)
#define BLOCKS(v) ((v) == 2)
#else
#define SPINS(v) true
#define HALTS(v) true
#define BLOCKS(v) true
#endif

#define NOBODY 255
#define NEVER 2 // ticks. 1 is later than what is due, which is all that the code tells apart

#define TIMER 1 // bits of `pending`: LULL_IRQ_TIMER
#define BELL 2  // LULL_IRQ_DOORBELL

// The vCPU page. `mask` stays 0.
bit irq_on[VCPUS];   // irq_enabled
byte pending[VCPUS]; // written by all CPUs, by locked instructions
byte wish[VCPUS] = NEVER; // next_deadline_ns

// struct vcpu, touched on the vCPU's CPU only; but `mailed`.
#define RUNNING 0
#define BLOCKED 1
#define RUNNABLE 2
byte state[VCPUS];
bit mailed[VCPUS];
bit blocking[VCPUS]; // in HCALL_BLOCK
bit told[VCPUS];     // delivery.state is due: the event that ended HCALL_BLOCK
byte held[VCPUS] = NEVER; // its timer in the wheel, and armed_until_ns of the page, which says the same

// struct cpu, struct run_queue, struct timer_queue.
byte current[CPUS];
bit leave[CPUS], reschedule[CPUS];
byte programmed[CPUS] = NEVER; // programmed_ns
byte last[CPUS] = NOBODY;      // who gave up last: the others go first
byte mail[CPUS];               // vCPUs in it, in base 4: the last one that was sent is the lowest digit, v + 1

// Chips: the count-down of each local APIC runs; its interrupts that wait to be taken; a kick that is on its way.
bit counts[CPUS], irr_timer[CPUS], irr_kick[CPUS], kick_sent[CPUS];

// Guests: where the guest is, and where its handler returns to.
mtype = { LOOK, HALT, WOKEN, ENABLE, ENABLED, DELIVER, RUN, COMPARE, CALL,
          CLAIM, ENABLE_BEHIND, WINDOW, DISABLE, RETURN };
mtype at[VCPUS] = LOOK, back[VCPUS] = LOOK;
bit ready[VCPUS] = 1; // a handler has made a thread ready
bit spins[VCPUS];  // RUN: it computes with interrupts on until a handler has come
byte goal[VCPUS];  // the deadline that is being stored

#define INTERRUPTED (irr_timer[c] || irr_kick[c])
#define WAITS(v) (state[v] == BLOCKED || (at[v] == RUN && spins[v]))

// ---- Chips and time ------------------------------------------------------------------------------------------------

#define FIRES(c) (counts[c] && programmed[c] == 0)
#define AHEAD(t) ((t) != 0 && (t) != NEVER)
#define PASS(t) t = (AHEAD(t) -> t - 1 : t)

// A tick passes; a count-down that has reached its end interrupts before the next one does.
proctype time()
{
    byte i;
end:
    do
    :: atomic {
        FIRES(0) || FIRES(1) ->
        for (i : 0 .. CPUS - 1) {
            if
            :: FIRES(i) -> counts[i] = 0; irr_timer[i] = 1
            :: else
            fi
        }
        i = 0
    }
    :: d_step {
        !FIRES(0) && !FIRES(1) && (AHEAD(programmed[0]) || AHEAD(programmed[1]) ||
        AHEAD(wish[0]) || AHEAD(wish[1]) || AHEAD(wish[VCPUS - 1]) ||
        AHEAD(held[0]) || AHEAD(held[1]) || AHEAD(held[VCPUS - 1])) ->
        for (i : 0 .. CPUS - 1) { PASS(programmed[i]) }
        for (i : 0 .. VCPUS - 1) { PASS(wish[i]); PASS(held[i]); PASS(goal[i]) }
        i = 0
    }
    od
}

// A kick takes its time from one local APIC to the other.
proctype bus(byte c)
{
end:
    do
    :: d_step { kick_sent[c] -> kick_sent[c] = 0; irr_kick[c] = 1 }
    od
}

// ---- hv/time/timer.c -----------------------------------------------------------------------------------------------

// timer_queue_program(): the local APIC is set.
inline program(ticks)
{
    programmed[c] = ticks;
    counts[c] = 1
}

// timer_queue_arm_at()
inline arm(v, ticks)
{
    held[v] = ticks;
    if
    :: ticks < programmed[c] -> program(ticks)
    :: else
    fi
}

// timer_wheel_next_ns()
inline find_next()
{
    next = NEVER;
    for (i : 0 .. VCPUS - 1) {
        if
        :: OWNER(i) == c && held[i] < next -> next = held[i]
        :: else
        fi
    }
    i = 0
}

// program_next(), when the interrupt has come
inline program_next()
{
    find_next();
    programmed[c] = NEVER;
#ifndef DROP_PROGRAM_NEXT
    if
    :: next != NEVER -> program(next)
    :: else
    fi;
#endif
    next = 0
}

// timer_settle(): the hardware holds exactly what is next before the CPU sleeps
inline settle()
{
    find_next();
    if
    :: next == programmed[c]
    :: next != programmed[c] && next == NEVER -> programmed[c] = NEVER; counts[c] = 0
    :: next != programmed[c] && next != NEVER -> program(next)
    fi;
    next = 0
}

// ---- hv/vm/vtimer.c ------------------------------------------------------------------------------------------------

// hold(), hold_special(): NEVER cancels, and leaves the hardware alone
inline hold(v, ticks)
{
    if
    :: ticks == NEVER -> held[v] = NEVER
    :: else -> arm(v, ticks)
    fi
}

// vtimer_before_block(): what the guest has stored without a trap is held from now on
inline before_block(v)
{
    if
#ifndef DROP_BEFORE_BLOCK
    :: wish[v] != held[v] -> hold(v, wish[v])
#endif
    :: else
    fi
}

// ---- hv/vm/sched.c -------------------------------------------------------------------------------------------------

// sched_wake(). Virtual time is not modelled: who wakes may go first, or not.
inline wake(v)
{
    assert(state[v] == BLOCKED);
    if
    :: current[c] == NOBODY -> state[v] = RUNNING; current[c] = v // start()
    :: current[c] != NOBODY -> state[v] = RUNNABLE; reschedule[c] = 1; leave[c] = 1 // wake_beside()
    :: current[c] != NOBODY -> state[v] = RUNNABLE
    fi
}

// sched_block()
inline block(v)
{
    assert(current[c] == v && state[v] == RUNNING);
    state[v] = BLOCKED;
    current[c] = NOBODY
}

// pick(), but for the sleep: give_up(), start_first(). Who is on the CPU goes behind those that wait.
inline start_first()
{
    reschedule[c] = 0;
    if
    :: current[c] != NOBODY -> last[c] = current[c]; state[current[c]] = RUNNABLE; current[c] = NOBODY
    :: else
    fi;
    i = 0;
    do
    :: i < VCPUS && OWNER(i) == c && state[i] == RUNNABLE && (current[c] == NOBODY || i != last[c]) ->
        current[c] = i; i++
    :: i < VCPUS && !(OWNER(i) == c && state[i] == RUNNABLE && (current[c] == NOBODY || i != last[c])) -> i++
    :: i == VCPUS -> break
    od;
    i = 0;
    last[c] = NOBODY;
    if
    :: current[c] != NOBODY -> state[current[c]] = RUNNING
    :: else
    fi
}

// ---- hv/vm/vcpu.c, hv/vm/vcpu.h ------------------------------------------------------------------------------------

// vcpu_wake_if_due(), by upcall_due()
inline wake_if_due(v)
{
    if
    :: state[v] == BLOCKED && pending[v] != 0 -> wake(v)
    :: else
    fi
}

// vcpu_pend(), on the vCPU's CPU
inline pend(v, irq)
{
#ifdef PEND_AFTER_LOOK
    wake_if_due(v);
    pending[v] = pending[v] | irq
#else
    pending[v] = pending[v] | irq;
    wake_if_due(v)
#endif
}

// mail_send()
inline send(v)
{
#ifdef KICK_BEFORE_MAIL
    if
    :: mail[OWNER(v)] == 0 -> kick_sent[OWNER(v)] = 1
    :: else
    fi;
    mail[OWNER(v)] = mail[OWNER(v)] * 4 + v + 1
#else
    d_step { head = mail[OWNER(v)]; mail[OWNER(v)] = head * 4 + v + 1 } // the compare-and-exchange that succeeds
    if
#ifndef DROP_KICK
    :: head == 0 -> head = 0; kick_sent[OWNER(v)] = 1 // mail_kick()
#else
    :: head == 0
#endif
    :: else -> head = 0 // an interrupt is on its way, or being served
    fi
#endif
}

inline claim_and_send(v)
{
    if
    :: d_step { mailed[v] == 0 -> mailed[v] = 1 } // mail_claim()
        send(v)
    :: mailed[v] == 1 // its owner will look after this moment
    fi
}

// vcpu_ring_remote_by_guest()
inline ring_remote(v)
{
#ifndef MAIL_BEFORE_PEND
    if
    :: d_step { (pending[v] & BELL) == 0 -> pending[v] = pending[v] | BELL } // before the look at `mailed`
        claim_and_send(v)
    :: (pending[v] & BELL) != 0 // who has set it sends
    fi
#else
    claim_and_send(v);
    pending[v] = pending[v] | BELL
#endif
}

// ---- hv/trap.c -----------------------------------------------------------------------------------------------------

// vtimer.c: expire(), expire_special(). The timer of v has come out of the wheel.
inline expire(v)
{
    if
#ifndef DROP_WISH_LATER
    :: wish[v] != 0 -> hold(v, wish[v]) // hold_later(): moved without a trap
#else
    :: wish[v] != 0 // the deadline that was moved later is forgotten
#endif
    :: wish[v] == 0 && blocking[v] -> // comes(), time_out(), vcpu_wake()
        wish[v] = NEVER;
        told[v] = 1;
        if
        :: state[v] == BLOCKED -> wake(v)
        :: else
        fi
    :: wish[v] == 0 && !blocking[v] -> // comes(), pend()
        wish[v] = NEVER;
        if
        :: (pending[v] & TIMER) == 0 -> pend(v, TIMER)
        :: else
        fi
    fi
}

// timer_interrupt(). One step: another CPU sees `pending` of it, and adds to that at most.
inline timer_interrupt()
{
    atomic {
        irr_timer[c] -> irr_timer[c] = 0;
        do
        :: v < VCPUS && OWNER(v) == c && held[v] == 0 -> held[v] = NEVER; expire(v); v++
        :: v < VCPUS && !(OWNER(v) == c && held[v] == 0) -> v++
        :: v == VCPUS -> break
        od;
        v = 0;
        program_next()
    }
}

// reverse(): in the order in which it was sent
inline next_mail()
{
    v = (list >= 4 -> list / 4 : list) - 1;
    list = (list >= 4 -> list % 4 : 0)
}

// mail_take(), deliver()
inline mail_take()
{
    d_step { irr_kick[c] -> irr_kick[c] = 0; list = mail[c]; mail[c] = 0 } // the exchange
    do
    :: list == 0 -> break
    :: list != 0 ->
#ifdef CLEAR_AFTER_LOOK
        atomic { next_mail(); wake_if_due(v) }
        d_step { mailed[v] = 0; v = 0 }
#else
        d_step { next_mail(); mailed[v] = 0 } // before the look at what is pending
        atomic { wake_if_due(v); v = 0 }
#endif
    od
}

// dispatch()
inline dispatch()
{
    if
    :: timer_interrupt()
    :: mail_take()
    fi
}

// ---- hv/vm/upcall.c ------------------------------------------------------------------------------------------------

// upcall_deliver(). In the return window the frame that lies there is used again, so `back` stays.
inline deliver(v)
{
    if
    :: d_step {
        pending[v] != 0 && irq_on[v] ->
        back[v] = ((at[v] == WINDOW || at[v] == DISABLE || at[v] == RETURN) -> back[v] : at[v]);
        at[v] = CLAIM;
        irq_on[v] = 0
    }
    :: else
    fi
}

// ---- hv/vm/hypercall.c ---------------------------------------------------------------------------------------------

// halt()
inline hypercall_halt(v)
{
    atomic {
        irq_on[v] = 1;
        at[v] = LOOK;
        leave[c] = 1;
#ifdef HOLD_ONLY_FOR_BLOCK
        if
        :: pending[v] == 0 -> before_block(v)
        :: else
        fi
#else
        before_block(v)
#endif
    }
    if
#ifdef DROP_HALT_LOOK
    :: true ->
#else
    :: pending[v] == 0 ->
#endif
        atomic { block(v) }
    :: pending[v] != 0
    fi
}

// block(), and vtimer.c: vtimer_block(), block_not(). A guest that is told of a pending timer interrupt takes it so.
inline hypercall_block(v)
{
    if
#ifdef DROP_BLOCK_LOOK
    :: true ->
#else
    :: pending[v] == 0 ->
#endif
        atomic {
            wish[v] = goal[v];
            goal[v] = 0;
            before_block(v);
            blocking[v] = 1;
            leave[c] = 1;
            block(v)
        }
    :: d_step { (pending[v] & TIMER) != 0 -> pending[v] = pending[v] & ~TIMER; ready[v] = 1; goal[v] = 0; leave[c] = 1 }
    :: atomic { pending[v] == BELL -> wish[v] = goal[v]; hold(v, wish[v]); goal[v] = 0; leave[c] = 1 }
    fi
}

// set_deadline(), vtimer_set_deadline(), take_back_pending()
inline hypercall_set_deadline(v)
{
    atomic { pending[v] = pending[v] & ~TIMER; wish[v] = goal[v]; hold(v, goal[v]); goal[v] = 0; at[v] = LOOK }
}

// doorbell(), vcpu_ring()
inline hypercall_doorbell(t)
{
    if
    :: atomic { OWNER(t) == c -> pend(t, BELL) }
    :: OWNER(t) != c -> ring_remote(t)
    fi
}

// ---- guest ---------------------------------------------------------------------------------------------------------

// One instruction of the guest, or a few that nobody else can see, or one hypercall.
inline guest_step(v)
{
    if
    // idle.c: idle_loop(). A thread runs, with interrupts on; or nobody is ready: wait, in any of the ways that there are
    :: at[v] == LOOK ->
progress_look:
        if
        :: d_step { ready[v] -> irq_on[v] = 0; ready[v] = 0; at[v] = ENABLE }
        :: d_step { !ready[v] && SPINS(v) -> irq_on[v] = 0; spins[v] = 1; at[v] = ENABLE }
        :: d_step { !ready[v] && HALTS(v) -> irq_on[v] = 0; wish[v] = NEVER; at[v] = HALT } // clock_event.c: clock_event_halt()
        :: d_step { !ready[v] && TIMED(v) -> irq_on[v] = 0; wish[v] = 1; at[v] = HALT }
        :: d_step { !ready[v] && TIMED(v) -> irq_on[v] = 0; goal[v] = 0; at[v] = WOKEN } // clock_event_block()
            hypercall_block(v)
        :: d_step { !ready[v] && TIMED(v) -> irq_on[v] = 0; goal[v] = 1; at[v] = WOKEN }
            hypercall_block(v)
        :: d_step { !ready[v] && BLOCKS(v) -> irq_on[v] = 0; goal[v] = NEVER; at[v] = WOKEN }
            hypercall_block(v)
        fi
    :: at[v] == HALT -> hypercall_halt(v)
    // dispatch.c: dispatch_pending()
    :: d_step { at[v] == WOKEN && (pending[v] & TIMER) != 0 -> pending[v] = pending[v] & ~TIMER; ready[v] = 1 }
    :: d_step { at[v] == WOKEN && pending[v] == BELL -> pending[v] = 0; ready[v] = 1 }
    :: d_step { at[v] == WOKEN && pending[v] == 0 -> at[v] = LOOK }
    // irq.c: irq_enable()
    :: d_step { at[v] == ENABLE -> irq_on[v] = 1; at[v] = ENABLED }
#ifdef DROP_ENABLE_LOOK
    :: d_step { at[v] == ENABLED -> at[v] = RUN }
#else
    :: d_step { at[v] == ENABLED -> at[v] = (pending[v] != 0 -> DELIVER : RUN) }
#endif
    :: d_step { at[v] == DELIVER -> at[v] = RUN; leave[c] = 1 } // HCALL_DELIVER
    // Somebody who computes until a handler has come, or another one, or for ever; or a thread.
    :: d_step { at[v] == RUN && spins[v] && ready[v] -> spins[v] = 0; at[v] = LOOK }
    :: d_step { at[v] == RUN && spins[v] && ready[v] -> ready[v] = 0 }
    :: at[v] == RUN && spins[v] && !ready[v] ->
end_spin: INTERRUPTED
    :: at[v] == RUN && !spins[v] ->
progress_run:
        if
        :: at[v] = LOOK
        :: at[v] = LOOK; hypercall_doorbell((v + 1) % VCPUS) // doorbell.c: doorbell_ring()
#ifdef SHARED_CPU
        :: at[v] = LOOK; hypercall_doorbell((v + 2) % VCPUS)
#endif
        :: d_step { TIMED(v) -> irq_on[v] = 0; goal[v] = 0; wish[v] = 0; at[v] = COMPARE } // clock_event.h: clock_event_store()
        :: d_step { TIMED(v) -> irq_on[v] = 0; goal[v] = 1; wish[v] = 1; at[v] = COMPARE }
        fi
    :: d_step { at[v] == COMPARE && goal[v] >= held[v] -> goal[v] = 0; at[v] = LOOK }
    :: d_step { at[v] == COMPARE && goal[v] < held[v] -> at[v] = CALL }
    :: at[v] == CALL -> hypercall_set_deadline(v)
    // upcall.asm: upcall_interrupt, and irq.c: irq_claim()
    :: d_step { at[v] == CLAIM && (pending[v] & TIMER) != 0 -> pending[v] = pending[v] & ~TIMER; ready[v] = 1 }
    :: d_step { at[v] == CLAIM && pending[v] == BELL -> pending[v] = 0; ready[v] = 1 }
    :: d_step { at[v] == CLAIM && pending[v] == 0 -> at[v] = ENABLE_BEHIND }
    :: d_step { at[v] == ENABLE_BEHIND -> irq_on[v] = 1; at[v] = WINDOW }
#ifdef DROP_RETURN_LOOK
    :: d_step { at[v] == WINDOW -> at[v] = RETURN }
#else
    :: d_step { at[v] == WINDOW -> at[v] = (pending[v] != 0 -> DISABLE : RETURN) }
#endif
    // HCALL_UPCALL_RETURN, upcall_return(): what the guest has switched off is on again behind the trap
    :: d_step { at[v] == DISABLE -> irq_on[v] = 1; at[v] = RETURN; trapped = 1 }
    :: d_step { at[v] == RETURN -> at[v] = back[v]; back[v] = LOOK }
    fi
}

// ---- hv/vm/vcpu.c: the run loop ------------------------------------------------------------------------------------

proctype cpu(byte c)
{
    byte v, i, next, head, list;
    bit trapped;

run_loop: // vcpu_run(), sched_pick()
    if
    :: current[c] != NOBODY && !reschedule[c]
    :: else ->
        do
        :: atomic {
            start_first();
            if
            :: current[c] != NOBODY -> break
            :: else
            fi;
            settle() // idle()
        }
#ifdef HALT_AFTER_ENABLE
        // Interrupts are on before the CPU halts, and one that comes in between does not end the sleep.
        do
        :: INTERRUPTED -> dispatch()
        :: break
        od;
#endif
end_sleep: INTERRUPTED; // entry_idle(): nothing comes between sti and hlt
        dispatch();  // trap_from_idle()
        if
        :: current[c] != NOBODY && !reschedule[c] -> break
        :: else
        fi
        od
    fi;
    atomic {
        if
        :: blocking[current[c]] -> // vtimer_end_block()
            blocking[current[c]] = 0;
            ready[current[c]] = (told[current[c]] -> 1 : ready[current[c]]);
            told[current[c]] = 0
        :: else
        fi
    }
    deliver(current[c]);
    leave[c] = 0;

guest: // entry_run(); an interrupt is taken between two instructions
    if
    :: INTERRUPTED -> dispatch(); trapped = 1
    :: !INTERRUPTED -> guest_step(current[c])
    fi;
    atomic {
        if
        :: leave[c] -> trapped = 0; goto run_loop
        :: !leave[c] && trapped -> trapped = 0; // serve()
#ifndef DROP_TRAP_DELIVER
            deliver(current[c]);
#endif
            goto guest
        :: !leave[c] && !trapped -> goto guest
        fi
    }
}

#ifdef PEER
// CPU 0, of which CPU 1 sees only that it rings: at any time, again as soon as it has, or never again.
proctype peer()
{
    byte head;
    do
    :: break
    :: true ->
progress_ring: ring_remote(1)
#ifdef SHARED_CPU
    :: ring_remote(2)
#endif
    od
}
#endif

init
{
    atomic {
        current[0] = 0;
        current[1] = 1;
#ifdef SHARED_CPU
        state[2] = RUNNABLE;
#endif
        run time();
        run bus(1);
        run cpu(1);
#ifdef PEER
        run peer()
#else
        run bus(0);
        run cpu(0)
#endif
    }
}

// ---- What is claimed -----------------------------------------------------------------------------------------------

#define AT_REST(v) (pending[v] == 0 && !mailed[v] && !told[v] && (wish[v] == NEVER || !WAITS(v)) && WAITS(v))

// When nobody can do anything any more, everybody waits, for nothing that has come or will come by itself.
active proctype judge()
{
end:
    timeout ->
    assert(mail[1] == 0 && AT_REST(1));
#ifndef PEER
    assert(mail[0] == 0 && AT_REST(0));
#endif
#ifdef SHARED_CPU
    assert(AT_REST(2))
#endif
}

