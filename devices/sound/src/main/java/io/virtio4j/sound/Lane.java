// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.queue.ChainWriter;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.sound.pcm.PcmFormat;
import io.virtio4j.sound.pcm.PcmLine;
import io.virtio4j.sound.pcm.PcmParameters;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * The messages of one stream, and how far time has come in them. Time goes on whatever the driver and the backend
 * do: a message ends when its frames have passed. Owned by the owner of the queue. [PCM I/O Messages]
 */
abstract sealed class Lane permits OutputLane, InputLane {

    /** Nothing to do before something else happens. */
    static final long NEVER = Long.MAX_VALUE;

    /** {@code struct virtio_snd_pcm_xfer}. */
    static final int HEADER_SIZE = 4;
    /** {@code struct virtio_snd_pcm_status}: {@code le32 status, le32 latency_bytes}. */
    static final int STATUS_SIZE = 8;

    private static final int SILENCE_BYTES = 4096;
    private static final long SHORTEST_POLL = 1_000_000;
    private static final long LONGEST_POLL = 10_000_000;

    final SoundDevice device;
    final PcmStream stream;
    final CounterTable<SoundCounter> counters;

    private final Pacer pacer = new Pacer();
    private final Deque<DescriptorChain> messages = new ArrayDeque<>();

    private StreamPlan plan = StreamPlan.INITIAL;
    private int rate = 1;
    private int bufferBytes;
    private int periodFrames = 1;
    int frameBytes = 1;
    /** A frame that does not lie in one piece. */
    ByteBuf frame = Unpooled.EMPTY_BUFFER;
    /** Some frames of silence. */
    ByteBuf silence = Unpooled.EMPTY_BUFFER;

    /** Where the first message begins, or the next one will; in frames. */
    private long beginning;
    /** How far time has come while the stream does not run. */
    private long position;
    /** The first message's frames, once it was begun; otherwise 0. */
    private long begun;
    /** Frames of the first message that had passed where the state was saved. */
    private long begunBefore;
    /** Nothing is left, and time goes on. */
    private boolean late;
    private long nextPeriod;

    Lane(SoundDevice device, PcmStream stream) {
        this.device = device;
        this.stream = stream;
        counters = device.counts();
    }

    static Lane of(SoundDevice device, PcmStream stream) {
        return stream.isOutput() ? new OutputLane(device, stream) : new InputLane(device, stream);
    }

    // ── What the direction decides ─────────────────────────────────────────

    /** The bytes of frames. */
    abstract long bytes(DescriptorChain message);

    /** The first frame of a message is due. */
    abstract void begin(DescriptorChain message, long skippedFrames);

    /** The last frame of a message has passed: answers it. */
    abstract void finish(DescriptorChain message);

    /** The stream ends before a message did. */
    abstract void giveBack(DescriptorChain message, long passedFrames);

    /** Time has come, and there is no message. */
    abstract void missed();

    /** There is a message again, after so many frames. */
    abstract void resumed(int frames);

    // ── Messages ───────────────────────────────────────────────────────────

    /** Takes a message into the lane; false if it cannot be played or filled. */
    final boolean add(DescriptorChain message) {
        long bytes = bytes(message);
        if (!plan.phase().takesMessages() || bytes <= 0 || bytes % frameBytes != 0 || bytes > bufferBytes
                || message.hasUnmapped()) {
            return false;
        }
        message.park();
        messages.add(message);
        return true;
    }

    @Nullable PcmLine line() {
        return plan.line();
    }

    /** Answers a message; without room for a status that is in memory, it is used with length 0. */
    final void answer(DescriptorChain message, boolean ok, long filledBytes) {
        ChainWriter out = message.writer();
        try {
            out.seek(out.length() - STATUS_SIZE);
            out.writeLe32(ok ? SoundCode.OK : SoundCode.IO_ERR);
            out.writeLe32(delay());
        } catch (ChainFault e) {
            message.complete(0);
            return;
        }
        message.complete(STATUS_SIZE + filledBytes);
    }

    private long delay() {
        PcmLine line = plan.line();
        try {
            return line == null ? 0 : Math.clamp(line.delay(), 0, Integer.MAX_VALUE);
        } catch (RuntimeException e) {
            device.backendFailed(stream.id(), e);
            return 0;
        }
    }

    // ── What the driver wants ──────────────────────────────────────────────

    /** The queue begins with what is wanted now, and where a saved state left it. */
    final void adopt(long now) {
        StreamPlan wanted = stream.plan();
        take(wanted);
        position = stream.takeRestoredPosition();
        begunBefore = position;
        run(now);
        stream.followed(wanted);
    }

    /** Does what is wanted, if that is new. */
    final boolean follow(long now) {
        StreamPlan wanted = stream.plan();
        if (wanted.number() == plan.number()) {
            return false;
        }
        if (plan.phase() == StreamPhase.STARTED) {
            pause(now);
        }
        if (!wanted.phase().takesMessages()) {
            giveAllBack();
        }
        boolean fresh = wanted.phase() == StreamPhase.PREPARED && plan.phase() != StreamPhase.PREPARED;
        take(wanted);
        if (fresh) {
            rewind();
        }
        run(now);
        return true;
    }

    private void pause(long now) {
        advance(now);
        position = pacer.due(now);
        if (messages.isEmpty()) {
            beginning = position;
            late = false;
        }
    }

    /** The driver may be told that it was done. */
    final void acknowledge() {
        stream.followed(plan);
    }

    private void take(StreamPlan wanted) {
        PcmParameters parameters = wanted.parameters();
        if (parameters != null && !parameters.equals(plan.parameters())) {
            rate = parameters.rate().hertz();
            bufferBytes = parameters.bufferBytes();
            frameBytes = parameters.frameBytes();
            periodFrames = parameters.periodFrames();
            nextPeriod = periodFrames;
            frame = Unpooled.buffer(frameBytes, frameBytes);
            silence = silence(parameters);
        }
        plan = wanted;
    }

    private static ByteBuf silence(PcmParameters parameters) {
        PcmFormat format = parameters.format();
        int size = Math.max(1, SILENCE_BYTES / parameters.frameBytes()) * parameters.frameBytes();
        ByteBuf silent = Unpooled.buffer(size, size);
        while (silent.isWritable()) {
            long sample = format.silence();
            for (int i = 0; i < format.bytes(); i++) {
                silent.writeByte((int) (sample >>> (8 * i)));
            }
        }
        return silent;
    }

    private void rewind() {
        beginning = 0;
        position = 0;
        begun = 0;
        begunBefore = 0;
        late = false;
        nextPeriod = periodFrames;
    }

    private void run(long now) {
        if (plan.phase() == StreamPhase.STARTED) {
            pacer.start(now, rate, position);
        }
    }

    /** > The device MUST complete all pending I/O messages for the specified stream ID. [PCM Stream Release] */
    private void giveAllBack() {
        counters.count(SoundCounter.RELEASED, messages.size());
        for (DescriptorChain message = messages.poll(); message != null; message = messages.poll()) {
            message.unpark();
            giveBack(message, Math.clamp(position - beginning, 0, bytes(message) / frameBytes));
            position = beginning;
        }
        begun = 0;
    }

    // ── Time ───────────────────────────────────────────────────────────────

    /**
     * Ends messages whose time has come.
     *
     * @return how many nanoseconds later there is something to do, or {@link #NEVER}
     */
    final long advance(long now) {
        if (plan.phase() != StreamPhase.STARTED) {
            return NEVER;
        }
        long due = due(now);
        if (late && !messages.isEmpty()) {
            resumed((int) (due - beginning));
            beginning = due;
            late = false;
        }
        for (DescriptorChain first = messages.peek(); first != null; first = messages.peek()) {
            begin(first);
            if (beginning + begun > due) {
                break;
            }
            messages.remove();
            first.unpark();
            finish(first);
            beginning += begun;
            begun = 0;
        }
        if (messages.isEmpty() && !late && due > beginning) {
            late = true;
            missed();
            if (plan.has(PcmFeature.EVT_XRUNS)) {
                device.events().xrun(stream.id());
            }
        }
        return Math.min(periods(due, now), untilNext(now));
    }

    /** What happens more than a second too late is as if the clock had stood still meanwhile. */
    private long due(long now) {
        long due = pacer.due(now);
        long behind = due - beginning - begun - rate;
        if (behind > 0) {
            pacer.forget(behind);
            return due - behind;
        }
        return due;
    }

    private void begin(DescriptorChain first) {
        if (begun == 0) {
            begun = bytes(first) / frameBytes;
            long skipped = Math.min(begunBefore, begun);
            begunBefore = 0;
            begin(first, skipped);
        }
    }

    private long untilNext(long now) {
        if (begun > 0) {
            return pacer.timeOf(beginning + begun) - now;
        }
        if (!late) {
            return pacer.timeOf(beginning + 1) - now;
        }
        // > suppress available buffer notifications for tx and rx queues (device should poll virtqueue)
        return plan.has(PcmFeature.MSG_POLLING)
                ? Math.clamp(periodFrames * Pacer.SECOND / rate / 4, SHORTEST_POLL, LONGEST_POLL)
                : NEVER;
    }

    private long periods(long due, long now) {
        if (!plan.has(PcmFeature.EVT_SHMEM_PERIODS)) {
            return NEVER;
        }
        if (due >= nextPeriod) {
            nextPeriod += ((due - nextPeriod) / periodFrames + 1) * periodFrames;
            device.events().periodElapsed(stream.id());
        }
        return pacer.timeOf(nextPeriod) - now;
    }

    /** How many frames of the first message have passed. The queue is held. */
    final long passedFrames(long now) {
        if (messages.isEmpty()) {
            return 0;
        }
        if (begun == 0) {
            return begunBefore;
        }
        long at = plan.phase() == StreamPhase.STARTED ? pacer.due(now) : position;
        return Math.clamp(at - beginning, 0, begun);
    }

    // ── Moving frames ──────────────────────────────────────────────────────

    /** How many of the next bytes are whole frames in one piece; 0 if a frame is cut. */
    final long wholeFrames(long run) {
        return run - run % frameBytes;
    }

    /** Skips the header. */
    static long payload(ChainReader in) {
        return in.length() - HEADER_SIZE;
    }
}
