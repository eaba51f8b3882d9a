// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.device.DeviceClock;
import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.queue.ChainWriter;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The requests of the running queue. Those of a group are collected and become a transaction; while one runs
 * elsewhere, nothing is taken from the ring. [Device Operation: Request Queue]
 */
final class I2cQueue implements QueueHandler {

    private static final int STATUS_SIZE = 1;

    private final I2cDevice device;
    private final VirtQueue virtQueue;
    private final BusAccess access;
    private final I2cTransaction transaction;
    private final CounterTable<I2cCounter> counters;
    private final I2cHeader header = new I2cHeader();

    /** The chains of a group, as far as they are here. */
    private final List<DescriptorChain> chains = new ArrayList<>();
    /** How many of them are kept beyond the turn, from the first. */
    private int deferred;
    /** How many of them are messages of the transaction, from the first. */
    private int loaded;
    /** One of them cannot be run: those after it are not attempted. */
    private boolean broken;

    /** The last of them has FAIL_NEXT. */
    private boolean goesOn;
    /** A request with FAIL_NEXT failed, and was answered: the next one fails too. */
    private boolean failing;

    /** Until when the rest of a group is waited for, if it is. */
    private boolean waiting;
    private long waitEnd;
    private final DeviceClock.Alarm rest = new DeviceClock.Alarm() {
        @Override
        public void ring() {
            wake();
        }
    };

    I2cQueue(I2cDevice device, VirtQueue virtQueue, boolean failing) {
        this.device = device;
        this.virtQueue = virtQueue;
        this.failing = failing;
        access = device.access();
        transaction = access.transaction();
        counters = device.counts();
    }

    boolean isFailing() {
        return failing;
    }

    void wake() {
        virtQueue.wake();
    }

    // ── The owner's turn ───────────────────────────────────────────────────

    /** > MUST guarantee the requests in the virtqueue being processed in order [Device Operation] */
    @Override
    public void service(VirtQueue queue) {
        settle();
        while (mayTake()) {
            DescriptorChain chain = queue.take();
            if (chain == null) {
                rest();
                return;
            }
            handle(chain);
        }
    }

    /** Not while a transaction runs; but once it is late, requests fail at once. */
    private boolean mayTake() {
        return switch (access.state()) {
            case FREE -> true;
            case GIVEN_UP -> access.isLate();
            case RUNNING, ENDED -> false;
        };
    }

    /** Answers what has ended, or takes too long. */
    private void settle() {
        if (access.state() == BusAccess.State.RUNNING && access.isLate() && access.giveUp()) {
            counters.count(I2cCounter.TIMEOUTS);
            finish(0);
        } else if (access.state() == BusAccess.State.ENDED) {
            finish(completed(access.takeOutcome()));
        }
    }

    @Override
    public void handle(DescriptorChain chain) {
        boolean valid = parse(chain);
        if (failing) {
            // > it needs to fail the next request instead of attempting to execute it
            counters.count(I2cCounter.NOT_ATTEMPTED);
            failing = header.failsNext();
            answer(chain, null);
            return;
        }
        if (chains.isEmpty()) {
            loaded = 0;
            broken = access.state() != BusAccess.State.FREE;
        }
        chains.add(chain);
        goesOn = header.failsNext();
        if (valid && !broken) {
            load(chain);
        } else if (!valid) {
            counters.count(I2cCounter.INVALID);
            broken = true;
        }
        if (!goesOn) {
            run(true);
        } else if (chains.size() == device.mostMessages()) {
            runFull();
        }
    }

    /** What the driver may change is read here, and not again. */
    private boolean parse(DescriptorChain chain) {
        ChainReader in = chain.reader();
        header.absent();
        if (in.length() < I2cHeader.SIZE) {
            return false;
        }
        try {
            header.read(in);
        } catch (ChainFault e) {
            return false;
        }
        return header.isValid() && !chain.hasUnmapped() && hasRightBuffer(in.remaining(), chain.writer().length());
    }

    /** One buffer in the direction of the request, or none; and a status. */
    private boolean hasRightBuffer(long readable, long writable) {
        long most = device.mostBytes();
        return header.isRead()
                ? readable == 0 && writable >= STATUS_SIZE && writable - STATUS_SIZE <= most
                : writable == STATUS_SIZE && readable <= most;
    }

    private void load(DescriptorChain chain) {
        ChainReader in = chain.reader();
        long bytes = header.isRead() ? chain.writer().length() - STATUS_SIZE : in.remaining();
        if (loaded == 0) {
            transaction.clear();
        }
        I2cMessage message = transaction.add();
        message.begin(header, (int) bytes);
        message.load(in);
        loaded++;
    }

    /** A group is longer than a transaction. */
    private void runFull() {
        if (access.canHold()) {
            run(false);
        } else {
            counters.count(I2cCounter.INVALID);
            finish(0);
        }
    }

    /**
     * Nothing more is available now. The rest of a group is waited for: a driver makes its requests available one
     * by one, and Linux's no longer waits for the rest once it sees that one failed.
     */
    private void rest() {
        if (chains.isEmpty()) {
            return;
        }
        long now = access.clock().nanoTime();
        if (device.groupWait() == 0 || waiting && now - waitEnd >= 0) {
            counters.count(I2cCounter.GROUPS_CUT);
            run(!access.canHold());
            return;
        }
        defer();
        if (!waiting) {
            waiting = true;
            waitEnd = now + device.groupWait();
            access.clock().set(rest, waitEnd);
        }
    }

    private void defer() {
        while (deferred < chains.size()) {
            chains.get(deferred++).defer();
        }
    }

    // ── Transactions ───────────────────────────────────────────────────────

    private void run(boolean withStop) {
        waiting = false;
        if (loaded == 0) {
            if (access.state() == BusAccess.State.FREE) {
                access.stopIfHeld();
            }
            finish(0);
            return;
        }
        transaction.end(withStop || broken);
        if (access.isAsync()) {
            defer();
            access.start();
        } else {
            finish(completed(access.run()));
        }
    }

    private int completed(I2cOutcome outcome) {
        return outcome == I2cOutcome.OK ? loaded : Math.min(transaction.completed(), loaded - 1);
    }

    /**
     * Answers the requests of a group. Of those that failed, the first comes last: a driver that stops looking at
     * it then has everything back.
     *
     * <p>> a device MUST set the status of the first failed request to be VIRTIO_I2C_MSG_ERR and MAY set the
     * > status of the remaining requests in the same group [Device Operation]
     *
     * @param completed how many succeeded, from the first
     */
    private void finish(int completed) {
        int size = chains.size();
        for (int i = 0; i < completed; i++) {
            answer(chains.get(i), transaction.message(i));
        }
        for (int i = size - 1; i >= completed; i--) {
            answer(chains.get(i), null);
        }
        counters.count(I2cCounter.NOT_ATTEMPTED, Math.max(0, size - completed - 1));
        failing = goesOn && completed < size;
        forget();
    }

    private void forget() {
        chains.clear();
        deferred = 0;
        goesOn = false;
        waiting = false;
    }

    /**
     * Ends a request. Without room for a status, it is used with length 0.
     *
     * @param done the message, if it succeeded
     */
    private void answer(DescriptorChain chain, @Nullable I2cMessage done) {
        try {
            ChainWriter out = chain.writer();
            if (done != null) {
                done.store(out);
            }
            out.seek(out.length() - STATUS_SIZE);
            out.writeU8((done != null ? I2cStatus.OK : I2cStatus.ERR).code());
        } catch (ChainFault e) {
            counters.count(I2cCounter.ERRORS);
            chain.complete(0);
            return;
        }
        count(done);
        chain.complete();
    }

    private void count(@Nullable I2cMessage done) {
        if (done == null) {
            counters.count(I2cCounter.ERRORS);
        } else {
            counters.count(done.isRead() ? I2cCounter.READS : I2cCounter.WRITES);
            counters.count(done.isRead() ? I2cCounter.READ_BYTES : I2cCounter.WRITTEN_BYTES, done.length());
        }
    }

    // ── The end of the queue ───────────────────────────────────────────────

    /** The queue takes no more turns: chains in work go back without an answer, and the bus becomes free. */
    void stop() {
        if (!access.giveUp()) {
            if (access.state() == BusAccess.State.ENDED) {
                access.takeOutcome();
            }
            if (access.state() == BusAccess.State.FREE) {
                access.stopIfHeld();
            }
        }
        for (int i = 0; i < deferred; i++) {
            chains.get(i).complete(0);
        }
        forget();
    }
}
