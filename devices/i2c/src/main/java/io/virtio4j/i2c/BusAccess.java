// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.device.DeviceClock;
import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The bus, and the one transaction that is made up or run at a time. A transaction on an executor outlives the
 * queue that began it: its messages are not used again before the bus gives them back.
 */
final class BusAccess {

    /** Whose the transaction is. */
    enum State {
        /** The queue's, which makes it up. */
        FREE,
        /** The bus's. */
        RUNNING,
        /** The queue's again, with an outcome. */
        ENDED,
        /** The bus's, and nobody waits for it any more. */
        GIVEN_UP
    }

    private final I2cDeviceBuilder options;
    private final CounterTable<I2cCounter> counters;
    private final I2cBus bus;
    private final DeviceClock clock;
    private final @Nullable Executor executor;
    private final Runnable wake;
    private final I2cTransaction transaction;

    private final AtomicReference<State> state = new AtomicReference<>(State.FREE);
    private final DeviceClock.Alarm late = new DeviceClock.Alarm() {
        @Override
        public void ring() {
            look();
        }
    };
    private volatile I2cOutcome outcome = I2cOutcome.OK;
    private volatile long deadline;

    /** The bus was left without STOP. Set by who owns the transaction. */
    private boolean held;

    BusAccess(I2cDeviceBuilder options, CounterTable<I2cCounter> counters, Runnable wake) {
        this.options = options;
        this.counters = counters;
        this.wake = wake;
        bus = options.bus();
        clock = options.clock();
        executor = options.executor();
        transaction = new I2cTransaction(options.maxMessages(), options.maxMessageBytes());
    }

    I2cTransaction transaction() {
        return transaction;
    }

    DeviceClock clock() {
        return clock;
    }

    boolean canHold() {
        return bus.canHold();
    }

    boolean isAsync() {
        return executor != null;
    }

    State state() {
        return state.get();
    }

    // ── The queue's owner ──────────────────────────────────────────────────

    /** Runs the transaction now. */
    I2cOutcome run() {
        I2cOutcome result = transfer();
        note(result);
        return result;
    }

    /** Runs the transaction elsewhere; {@code wake} is called when it ends, or takes too long. */
    void start() {
        Executor runs = executor;
        if (runs == null) {
            throw new IllegalStateException("there is no executor");
        }
        deadline = clock.nanoTime() + options.timeout();
        state.set(State.RUNNING);
        try {
            runs.execute(this::runLater);
        } catch (RejectedExecutionException e) {
            counters.count(I2cCounter.BUS_ERRORS);
            options.report(e);
            end(I2cOutcome.FAILED);
            return;
        }
        clock.set(late, deadline);
    }

    /** Whether the transaction that runs should have ended. */
    boolean isLate() {
        return clock.nanoTime() - deadline >= 0;
    }

    /** Stops waiting; false if the transaction has ended. */
    boolean giveUp() {
        return state.compareAndSet(State.RUNNING, State.GIVEN_UP);
    }

    /** Takes the transaction back. */
    I2cOutcome takeOutcome() {
        state.set(State.FREE);
        return outcome;
    }

    /** STOP, if the bus was left without. */
    void stopIfHeld() {
        if (held) {
            held = false;
            bus.stop(transaction);
        }
    }

    // ── The transaction ────────────────────────────────────────────────────

    private void runLater() {
        I2cOutcome result = transfer();
        note(result);
        end(result);
    }

    private void end(I2cOutcome result) {
        outcome = result;
        if (!state.compareAndSet(State.RUNNING, State.ENDED)) {
            stopIfHeld();
            state.set(State.FREE);
        }
        wake.run();
    }

    private void note(I2cOutcome result) {
        counters.count(I2cCounter.TRANSACTIONS);
        if (result != I2cOutcome.OK) {
            counters.count(I2cCounter.of(result));
        }
        held = result == I2cOutcome.OK && !transaction.endsWithStop();
    }

    private I2cOutcome transfer() {
        try {
            return bus.transfer(transaction);
        } catch (IOException | RuntimeException | Error e) {
            options.report(e);
            return I2cOutcome.FAILED;
        }
    }

    // ── Time ───────────────────────────────────────────────────────────────

    /** There is one alarm for all transactions; it may be that of one before. */
    private void look() {
        State now = state.get();
        if ((now == State.RUNNING || now == State.GIVEN_UP) && isLate()) {
            wake.run();
        }
    }
}
