// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import io.netty.buffer.ByteBuf;
import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.queue.ChainWriter;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.sound.pcm.PcmLine;
import io.virtio4j.sound.pcm.PcmSource;
import org.jspecify.annotations.Nullable;

/** Fills the messages of an input stream: each when its last frame has passed. [Input Stream] */
final class InputLane extends Lane {

    InputLane(SoundDevice device, PcmStream stream) {
        super(device, stream);
    }

    /** > The driver MUST NOT place device-readable buffers into the rx queue. */
    @Override
    long bytes(DescriptorChain message) {
        return payload(message.reader()) == 0 ? message.writer().length() - STATUS_SIZE : -1;
    }

    private @Nullable PcmSource source() {
        PcmLine line = line();
        return line == null ? null : (PcmSource) line;
    }

    @Override
    void begin(DescriptorChain message, long skippedFrames) {}

    /** > The device MUST NOT complete the I/O request until the buffer is full. */
    @Override
    void finish(DescriptorChain message) {
        long bytes = bytes(message);
        boolean ok = record(message, bytes);
        if (ok) {
            counters.count(SoundCounter.RECORDED);
            counters.count(SoundCounter.RECORDED_BYTES, bytes);
        }
        answer(message, ok, ok ? bytes : 0);
    }

    /** > The only exception is the end of the stream. */
    @Override
    void giveBack(DescriptorChain message, long passedFrames) {
        long recorded = passedFrames * frameBytes;
        boolean ok = recorded > 0 && record(message, recorded);
        answer(message, ok, ok ? recorded : 0);
    }

    /** Fills the buffer: with so many bytes of sound, and silence for the rest. */
    private boolean record(DescriptorChain message, long bytes) {
        PcmSource source = source();
        if (source == null) {
            return false;
        }
        try {
            ChainWriter out = message.writer();
            read(out, bytes, source);
            fillWithSilence(out, bytes(message));
            return true;
        } catch (ChainFault e) {
            return false; // its memory is gone meanwhile
        } catch (RuntimeException e) {
            device.backendFailed(stream.id(), e);
            return false;
        }
    }

    private void read(ChainWriter out, long bytes, PcmSource source) {
        while (out.position() < bytes) {
            long run = wholeFrames(out.contiguous(bytes - out.position()));
            if (run > 0) {
                ByteBuf view = out.view((int) run);
                read(view, source);
                out.advance(run);
            } else {
                frame.clear();
                read(frame, source);
                out.write(frame, frameBytes);
            }
        }
    }

    private void read(ByteBuf target, PcmSource source) {
        source.read(target);
        if (target.isWritable()) {
            counters.count(SoundCounter.MISSING_BYTES, target.writableBytes());
        }
        while (target.isWritable()) {
            int offset = target.writerIndex() % frameBytes;
            target.writeBytes(silence, offset, Math.min(target.writableBytes(), silence.capacity() - offset));
        }
    }

    private void fillWithSilence(ChainWriter out, long bytes) {
        silence.setIndex(0, silence.capacity());
        while (out.position() < bytes) {
            int count = (int) Math.min(bytes - out.position(), silence.capacity());
            silence.readerIndex(0);
            out.write(silence, count);
        }
    }

    @Override
    void missed() {
        counters.count(SoundCounter.OVERRUNS);
    }

    @Override
    void resumed(int frames) {
        counters.count(SoundCounter.LOST_FRAMES, frames);
        PcmSource source = source();
        if (source == null) {
            return;
        }
        try {
            source.skip(frames);
        } catch (RuntimeException e) {
            device.backendFailed(stream.id(), e);
        }
    }
}
