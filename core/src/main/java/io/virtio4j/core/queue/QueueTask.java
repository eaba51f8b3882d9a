// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One queue's turns: who owns the queue, and whether there is something to do. A {@link Runner} decides on
 * which thread {@link #run()} is called.
 *
 * <p>Ownership is one word that changes by compare-and-set. A wake-up during a turn is remembered, never
 * lost; a wake-up of a queue that waits for its turn already costs one read.
 */
public final class QueueTask {

    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(QueueTask.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static final int IDLE = 0;
    /** The runner was told. */
    private static final int SCHEDULED = 1;
    private static final int RUNNING = 2;
    /** Running, and woken meanwhile. */
    private static final int RERUN = 3;
    private static final int CLOSED = 4;
    /** Owned by the device instance. */
    private static final int HELD = 5;
    /** Owned by the device instance, and something is to be done afterwards. */
    private static final int HELD_WOKEN = 6;
    /** As {@link #HELD_WOKEN}, and the runner has the task in its list still. */
    private static final int HELD_LISTED = 7;

    private static final int SPINS = 64;

    private final VirtQueue queue;
    private final Runner runner;
    private @Nullable QueueHandler handler;

    @SuppressWarnings("FieldMayBeFinal") // through STATE
    private volatile int state = HELD;

    private volatile @Nullable Thread owner;
    /** Written under the device instance's lock. */
    private volatile int holds = 1;

    /** The next in a runner's list of scheduled tasks; for the runner alone. */
    @Nullable QueueTask next;

    QueueTask(VirtQueue queue, Runner runner) {
        this.queue = queue;
        this.runner = runner;
    }

    /** The queue's index in its device. */
    public int queueIndex() {
        return queue.index();
    }

    /** The queue's name in the specification. */
    public String queueName() {
        return queue.name();
    }

    void start(QueueHandler queueHandler) {
        handler = queueHandler;
        runner.added(this);
        wake();
        unhold();
    }

    /** Makes sure that a turn follows, on any thread. */
    void wake() {
        while (true) {
            int now = state;
            switch (now) {
                case IDLE -> {
                    if (STATE.compareAndSet(this, IDLE, SCHEDULED)) {
                        runner.schedule(this);
                        return;
                    }
                }
                case RUNNING -> {
                    if (STATE.compareAndSet(this, RUNNING, RERUN)) {
                        return;
                    }
                }
                case HELD -> {
                    if (STATE.compareAndSet(this, HELD, HELD_WOKEN)) {
                        return;
                    }
                }
                default -> {
                    return;
                }
            }
        }
    }

    /**
     * Takes one turn, if the task was scheduled and nobody else has it. Called by the runner; never
     * throws, blocks only as long as the device's handler does.
     *
     * @return whether another turn is due; the task is scheduled already then, and the runner calls again
     *     after it gave other tasks theirs
     */
    public boolean run() {
        while (true) {
            switch (state) {
                case SCHEDULED -> {
                    if (STATE.compareAndSet(this, SCHEDULED, RUNNING)) {
                        return turn();
                    }
                }
                case HELD_LISTED -> {
                    // The runner has it no longer: who lets the queue go schedules it.
                    if (STATE.compareAndSet(this, HELD_LISTED, HELD_WOKEN)) {
                        return false;
                    }
                }
                default -> {
                    return false;
                }
            }
        }
    }

    /**
     * Takes one turn without having been woken, for a runner that polls.
     *
     * @return whether another turn is due at once
     */
    public boolean poll() {
        return (STATE.compareAndSet(this, IDLE, RUNNING)
                        || STATE.compareAndSet(this, SCHEDULED, RUNNING))
                && turn();
    }

    private boolean turn() {
        QueueHandler current = handler;
        boolean more = false;
        owner = Thread.currentThread();
        try {
            more = current != null && queue.turn(current, !runner.polls());
        } finally {
            owner = null;
            more = leave(more);
        }
        return more;
    }

    private boolean leave(boolean more) {
        while (true) {
            int now = state;
            if (now == CLOSED) {
                return false;
            }
            boolean again = more || now == RERUN;
            int to = holds != 0
                    ? (again ? HELD_WOKEN : HELD)
                    : (again ? SCHEDULED : IDLE);
            if (STATE.compareAndSet(this, now, to)) {
                return to == SCHEDULED;
            }
        }
    }

    int holds() {
        return holds;
    }

    /** See {@link VirtQueue#hold()}. Callers are serialized by the device instance. */
    @SuppressWarnings("NonAtomicOperationOnVolatileField") // callers are serialized
    boolean hold() {
        holds++;
        if (owner == Thread.currentThread()) {
            return false;
        }
        for (int spin = 0; state < CLOSED; spin++) {
            if (STATE.compareAndSet(this, IDLE, HELD)
                    || STATE.compareAndSet(this, SCHEDULED, HELD_LISTED)) {
                return true;
            }
            if (spin < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(20_000);
            }
        }
        return true;
    }

    @SuppressWarnings("NonAtomicOperationOnVolatileField") // callers are serialized
    void unhold() {
        if (--holds > 0) {
            return;
        }
        while (true) {
            int now = state;
            if (now == HELD_WOKEN) {
                if (STATE.compareAndSet(this, HELD_WOKEN, SCHEDULED)) {
                    runner.schedule(this);
                    return;
                }
            } else if (now < HELD
                    || now == HELD && STATE.compareAndSet(this, HELD, IDLE)
                    || now == HELD_LISTED && STATE.compareAndSet(this, HELD_LISTED, SCHEDULED)) {
                return;
            }
        }
    }

    /** No more turns. The caller holds the queue, or is its owner in the middle of the last turn. */
    void close() {
        STATE.setVolatile(this, CLOSED);
        runner.removed(this);
    }
}
