// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio;

import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The event queue: a buffer for a line unmasks its interrupt, and is used when there is one. All decisions
 * about interrupts are made here, by the queue's owner; others say which lines to look at. [eventq Operation]
 */
final class EventQueue implements QueueHandler {

    private static final int STATUS_INVALID = 0;
    private static final int STATUS_VALID = 1;

    private final GpioDevice device;
    private final Lines lines;
    private final VirtQueue virtQueue;

    /** The buffer of each line that is unmasked. Of the owner. */
    private final @Nullable DescriptorChain[] unmasked;

    /** Has an answer that waits for buffers to be returned. */
    private final AtomicReference<@Nullable RequestQueue> waiting = new AtomicReference<>();

    private volatile boolean stopped;

    EventQueue(GpioDevice device, VirtQueue virtQueue) {
        this.device = device;
        this.lines = device.lines();
        this.virtQueue = virtQueue;
        unmasked = new @Nullable DescriptorChain[lines.count()];
    }

    // ── Any thread ─────────────────────────────────────────────────────────

    void wake() {
        virtQueue.wake();
    }

    /** Answers a message after the driver can see what is returned because of it. */
    void answerWhenReturned(RequestQueue requests) {
        waiting.set(requests);
        if (stopped || virtQueue.hasFailed()) {
            answerWaiting(waiting.get());
        } else {
            virtQueue.wake();
        }
    }

    private void answerWaiting(@Nullable RequestQueue requests) {
        if (requests != null && waiting.compareAndSet(requests, null)) {
            requests.returned();
        }
    }

    /** The queue takes no more turns. */
    void stop() {
        stopped = true;
        answerWaiting(waiting.get());
    }

    /** The request queue takes no more turns: its answer goes nowhere. */
    void forgetAnswer() {
        answerWaiting(waiting.get());
    }

    // ── The owner's turn ───────────────────────────────────────────────────

    @Override
    public void service(VirtQueue queue) {
        RequestQueue since = waiting.get();
        try {
            queue.drain(this);
            lookAtLines();
            if (since != null) {
                queue.publish();
            }
        } finally {
            answerWaiting(since);
        }
    }

    @Override
    public void handle(DescriptorChain chain) {
        if (chain.writer().length() == 0) {
            throw new ChainFault("event buffer without room for status: queue=" + virtQueue.name());
        }
        int line = line(chain);
        // > or the interrupt is unmasked without being enabled first, the device should return any unused
        // > pair of buffers [requestq Operation / Set IRQ Type]
        if (line < 0 || unmasked[line] != null || lines.trigger(line) == GpioTrigger.NONE) {
            answer(chain, STATUS_INVALID);
            return;
        }
        chain.park();
        unmasked[line] = chain;
        lines.setDue(line);
    }

    /** The line that a buffer is for; negative if it is for none, or cannot be used for it later. */
    private int line(DescriptorChain chain) {
        try {
            int line = chain.reader().readLe16();
            return line < lines.count() && !chain.hasUnmapped() ? line : -1;
        } catch (ChainFault e) {
            return -1;
        }
    }

    private void lookAtLines() {
        for (int word = 0; word < lines.dueWords(); word++) {
            for (long due = lines.takeDue(word); due != 0; due &= due - 1) {
                look(word * Long.SIZE + Long.numberOfTrailingZeros(due));
            }
        }
    }

    private void look(int line) {
        DescriptorChain chain = unmasked[line];
        if (chain == null) {
            return; // masked: an edge stays latched, a level is looked at again when it is unmasked
        }
        GpioTrigger trigger = lines.trigger(line);
        if (trigger == GpioTrigger.NONE) {
            giveBack(line, chain, STATUS_INVALID);
        } else if (trigger.isEdge() ? lines.takeEdge(line) : isActive(line, trigger)) {
            giveBack(line, chain, STATUS_VALID);
        }
    }

    private boolean isActive(int line, GpioTrigger trigger) {
        try {
            return trigger.isMetBy(device.backend().isHigh(line));
        } catch (IOException | RuntimeException e) {
            device.backendFailed(line, e);
            return false;
        }
    }

    private void giveBack(int line, DescriptorChain chain, int status) {
        unmasked[line] = null;
        chain.unpark();
        if (chain.hasUnmapped()) {
            chain.complete(0); // its memory is gone meanwhile
        } else {
            answer(chain, status);
        }
    }

    private void answer(DescriptorChain chain, int status) {
        device.counts().count(status == STATUS_VALID ? GpioCounter.INTERRUPTS : GpioCounter.RETURNED);
        chain.writer().writeU8(status);
        chain.complete();
    }
}
