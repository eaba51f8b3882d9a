// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import io.netty.buffer.ByteBuf;
import io.virtio4j.sound.pcm.PcmFormat;
import io.virtio4j.sound.pcm.PcmInput;
import io.virtio4j.sound.pcm.PcmLine;
import io.virtio4j.sound.pcm.PcmOutput;
import io.virtio4j.sound.pcm.PcmParameters;
import io.virtio4j.sound.pcm.PcmSink;
import io.virtio4j.sound.pcm.PcmSource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Remembers what it was told, and plays a counter. */
final class RecordingBackend {

    final List<String> seen = new ArrayList<>();
    final ByteArrayOutputStream played = new ByteArrayOutputStream();
    PcmParameters parameters;
    long delay;
    boolean broken;
    boolean cannotOpen;
    int given;
    int available = Integer.MAX_VALUE;

    PcmOutput output() {
        return new PcmOutput() {
            @Override
            public Set<PcmFormat> formats() {
                return PcmFormat.wholeBytes();
            }

            @Override
            public PcmSink open(PcmParameters newParameters) throws IOException {
                opened(newParameters);
                return new Line();
            }
        };
    }

    PcmInput input() {
        return new PcmInput() {
            @Override
            public Set<PcmFormat> formats() {
                return PcmFormat.wholeBytes();
            }

            @Override
            public PcmSource open(PcmParameters newParameters) throws IOException {
                opened(newParameters);
                return new Line();
            }
        };
    }

    private void opened(PcmParameters newParameters) throws IOException {
        if (cannotOpen) {
            throw new IOException("on purpose");
        }
        parameters = newParameters;
        seen.add("open");
    }

    private final class Line implements PcmSink, PcmSource, PcmLine {

        private void check() {
            if (broken) {
                throw new IllegalStateException("on purpose");
            }
        }

        @Override
        public void start() {
            seen.add("start");
        }

        @Override
        public void stop() {
            seen.add("stop");
        }

        @Override
        public void write(ByteBuf frames) {
            check();
            while (frames.isReadable()) {
                played.write(frames.readByte());
            }
        }

        @Override
        public void silence(int frames) {
            seen.add("silence " + frames);
        }

        @Override
        public void read(ByteBuf target) {
            check();
            while (target.isWritable() && available > 0) {
                target.writeByte(++given);
                available--;
            }
        }

        @Override
        public void skip(int frames) {
            seen.add("skip " + frames);
        }

        @Override
        public long delay() {
            check();
            return delay;
        }

        @Override
        public void close() {
            seen.add("close");
        }
    }
}
