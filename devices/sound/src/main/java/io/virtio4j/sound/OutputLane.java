// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.sound.pcm.PcmLine;
import io.virtio4j.sound.pcm.PcmSink;
import org.jspecify.annotations.Nullable;

/**
 * Plays the messages of an output stream: the backend gets a message's frames when the first of them is due, the
 * driver gets the message back when the last has passed. [Output Stream]
 */
final class OutputLane extends Lane {

    private boolean failed;

    OutputLane(SoundDevice device, PcmStream stream) {
        super(device, stream);
    }

    /** > The driver MUST NOT place device-writable buffers into the tx queue. */
    @Override
    long bytes(DescriptorChain message) {
        return message.writer().length() == STATUS_SIZE ? payload(message.reader()) : -1;
    }

    private @Nullable PcmSink sink() {
        PcmLine line = line();
        return line == null ? null : (PcmSink) line;
    }

    @Override
    void begin(DescriptorChain message, long skippedFrames) {
        PcmSink sink = sink();
        failed = sink == null;
        if (sink != null) {
            message.unpark();
            try {
                play(message.reader(), skippedFrames * frameBytes, sink);
            } catch (ChainFault e) {
                failed = true; // its memory is gone meanwhile
            } catch (RuntimeException e) {
                failed = true;
                device.backendFailed(stream.id(), e);
            }
            message.park();
        }
    }

    private void play(ChainReader in, long skippedBytes, PcmSink sink) {
        in.seek(HEADER_SIZE + skippedBytes);
        while (in.remaining() > 0) {
            long run = wholeFrames(in.contiguous(in.remaining()));
            if (run > 0) {
                sink.write(in.view((int) run));
            } else {
                frame.clear();
                in.read(frame, frameBytes);
                sink.write(frame);
            }
        }
    }

    /** > The device MUST NOT complete the I/O request until the buffer is totally consumed. */
    @Override
    void finish(DescriptorChain message) {
        if (!failed) {
            counters.count(SoundCounter.PLAYED);
            counters.count(SoundCounter.PLAYED_BYTES, bytes(message));
        }
        answer(message, !failed, 0);
    }

    @Override
    void giveBack(DescriptorChain message, long passedFrames) {
        answer(message, false, 0);
    }

    @Override
    void missed() {
        counters.count(SoundCounter.UNDERRUNS);
    }

    @Override
    void resumed(int frames) {
        counters.count(SoundCounter.GAPS);
        counters.count(SoundCounter.SILENT_FRAMES, frames);
        PcmSink sink = sink();
        if (sink == null) {
            return;
        }
        try {
            sink.silence(frames);
        } catch (RuntimeException e) {
            device.backendFailed(stream.id(), e);
        }
    }
}
