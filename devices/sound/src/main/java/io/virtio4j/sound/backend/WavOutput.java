// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.sound.pcm.PcmFormat;
import io.virtio4j.sound.pcm.PcmOutput;
import io.virtio4j.sound.pcm.PcmParameters;
import io.virtio4j.sound.pcm.PcmSink;
import io.virtio4j.sound.pcm.Samples;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Supplier;

/**
 * Records what is played, as a WAV file that holds every sample: formats that such a file does not have are stored
 * in wider ones. Silence of a driver that is late is recorded too, at the place where it was heard.
 *
 * <p>A file is complete once its stream is stopped or released. It is written on the thread that serves the queue,
 * in large pieces; a disk that may hang is put behind a {@link BufferedOutput} instead.
 */
public final class WavOutput implements PcmOutput {

    private static final int HEADER = 44;
    private static final int BUFFER = 1 << 16;
    private static final long MOST_BYTES = 0xFFFF_FFFFL;

    private final Supplier<Path> files;

    /**
     * Records each stream into a file of its own.
     *
     * @param files names them, one after the other; one that exists is overwritten
     */
    public WavOutput(Supplier<Path> files) {
        this.files = files;
    }

    /** Records into one file, which holds what was played last. */
    public static WavOutput to(Path file) {
        return new WavOutput(() -> file);
    }

    @Override
    public PcmSink open(PcmParameters parameters) throws IOException {
        return new Recording(files.get(), parameters);
    }

    private static final class Recording implements PcmSink {

        private final PcmParameters parameters;
        private final PcmFormat format;
        private final PcmFormat stored;
        private final FileChannel file;
        private final ByteBuffer bytes = ByteBuffer.allocateDirect(BUFFER);
        private final ByteBuf pending = Unpooled.wrappedBuffer(bytes).clear();
        private long recorded;

        private Recording(Path path, PcmParameters parameters) throws IOException {
            this.parameters = parameters;
            format = parameters.format();
            stored = WavFormat.stored(format);
            file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                    StandardOpenOption.TRUNCATE_EXISTING);
            file.position(HEADER);
            writeHeader();
        }

        @Override
        public void write(ByteBuf frames) {
            if (format == stored) {
                copy(frames);
            } else {
                convert(frames);
            }
        }

        private void copy(ByteBuf frames) {
            while (frames.isReadable()) {
                int run = Math.min(frames.readableBytes(), pending.writableBytes());
                pending.writeBytes(frames, run);
                flushIfFull();
            }
        }

        private void convert(ByteBuf frames) {
            int end = frames.writerIndex();
            for (int at = frames.readerIndex(); at < end; at += format.bytes()) {
                append(Samples.get(format, frames, at));
            }
            frames.readerIndex(end);
        }

        private void append(int sample) {
            if (pending.writableBytes() < stored.bytes()) {
                flush();
            }
            Samples.set(stored, pending, pending.writerIndex(), sample);
            pending.writerIndex(pending.writerIndex() + stored.bytes());
        }

        @Override
        public void silence(int frames) {
            for (long samples = (long) frames * parameters.channels(); samples > 0; samples--) {
                append(0);
            }
        }

        private void flushIfFull() {
            if (!pending.isWritable()) {
                flush();
            }
        }

        private void flush() {
            bytes.position(0).limit(pending.writerIndex());
            try {
                while (bytes.hasRemaining()) {
                    recorded += file.write(bytes);
                }
            } catch (IOException e) {
                throw new UncheckedIOException("cannot record", e);
            } finally {
                pending.clear();
            }
        }

        /** What was played so far can be listened to. */
        @Override
        public void stop() {
            flush();
            try {
                writeHeader();
            } catch (IOException e) {
                throw new UncheckedIOException("cannot record", e);
            }
        }

        private void writeHeader() throws IOException {
            int frame = parameters.channels() * stored.bytes();
            ByteBuffer header = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN)
                    .put(ascii("RIFF")).putInt((int) Math.min(MOST_BYTES, recorded + HEADER - 8))
                    .put(ascii("WAVE")).put(ascii("fmt ")).putInt(16)
                    .putShort((short) WavFormat.tag(stored)).putShort((short) parameters.channels())
                    .putInt(parameters.rate().hertz()).putInt(parameters.rate().hertz() * frame)
                    .putShort((short) frame).putShort((short) (8 * stored.bytes()))
                    .put(ascii("data")).putInt((int) Math.min(MOST_BYTES, recorded)).flip();
            for (int at = 0; header.hasRemaining(); ) {
                at += file.write(header, at);
            }
        }

        private static byte[] ascii(String text) {
            return text.getBytes(StandardCharsets.US_ASCII);
        }

        @Override
        public void close() {
            try (file) {
                stop();
            } catch (IOException e) {
                throw new UncheckedIOException("cannot record", e);
            }
        }
    }
}
