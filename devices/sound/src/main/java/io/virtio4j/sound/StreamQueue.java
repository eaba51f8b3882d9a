// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import io.virtio4j.core.device.DeviceClock;
import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The tx or the rx queue: sorts messages into the lanes of their streams, and lets time pass in them. An alarm
 * wakes the queue whenever a message ends. [PCM I/O Messages]
 */
final class StreamQueue implements QueueHandler {

    private final SoundDevice device;
    private final VirtQueue virtQueue;
    private final DeviceClock clock;
    private final Lane[] lanes;
    /** By stream id. */
    private final @Nullable Lane[] byStream;

    private final DeviceClock.Alarm alarm = new DeviceClock.Alarm() {
        @Override
        public void ring() {
            virtQueue.wake();
        }
    };

    StreamQueue(SoundDevice device, VirtQueue virtQueue, List<PcmStream> streams, boolean outputs) {
        this.device = device;
        this.virtQueue = virtQueue;
        clock = device.clock();
        byStream = new @Nullable Lane[streams.size()];
        lanes = streams.stream().filter(stream -> stream.isOutput() == outputs)
                .map(stream -> Lane.of(device, stream)).toArray(Lane[]::new);
        for (Lane lane : lanes) {
            byStream[lane.stream.id()] = lane;
        }
    }

    /** Begins with what the driver wants of the streams; before the first turn. */
    void adopt() {
        long now = clock.nanoTime();
        for (Lane lane : lanes) {
            lane.adopt(now);
        }
    }

    /** The driver wants something else of a stream. Any thread. */
    void wake() {
        virtQueue.wake();
    }

    boolean hasFailed() {
        return virtQueue.hasFailed();
    }

    // ── The owner's turn ───────────────────────────────────────────────────

    /** Messages that were there before a command belong to what was before it. */
    @Override
    public void service(VirtQueue queue) {
        queue.drain(this);
        long now = clock.nanoTime();
        boolean followed = false;
        long next = Lane.NEVER;
        for (Lane lane : lanes) {
            followed |= lane.follow(now);
            next = Math.min(next, lane.advance(now));
        }
        if (followed) {
            // > The device MUST NOT complete the control request while there are pending I/O messages for the
            // > specified stream ID. [PCM Stream Release]
            queue.publish();
            for (Lane lane : lanes) {
                lane.acknowledge();
            }
            device.wakeControl();
        }
        if (next != Lane.NEVER) {
            clock.set(alarm, now + Math.max(0, next));
        }
    }

    @Override
    public void handle(DescriptorChain chain) {
        Lane lane = lane(chain);
        if (lane == null || !lane.add(chain)) {
            refuse(chain);
        }
    }

    private @Nullable Lane lane(DescriptorChain chain) {
        try {
            long id = chain.reader().readLe32();
            return id < byStream.length ? byStream[(int) id] : null;
        } catch (ChainFault e) {
            return null;
        }
    }

    private void refuse(DescriptorChain chain) {
        device.counts().count(SoundCounter.MESSAGE_ERRORS);
        long room = chain.writer().length();
        if (room < Lane.STATUS_SIZE) {
            throw new ChainFault("message has no room for its status: queue=" + virtQueue.name() + " room=" + room);
        }
        chain.writer().seek(room - Lane.STATUS_SIZE);
        chain.writer().writeLe32(SoundCode.IO_ERR);
        chain.writer().writeLe32(0);
        chain.complete(Lane.STATUS_SIZE);
    }

    // ── State ──────────────────────────────────────────────────────────────

    /** How many frames of a stream's first message have passed. The queue is held. */
    long passedFrames(PcmStream stream) {
        Lane lane = byStream[stream.id()];
        return lane == null ? 0 : lane.passedFrames(clock.nanoTime());
    }
}
