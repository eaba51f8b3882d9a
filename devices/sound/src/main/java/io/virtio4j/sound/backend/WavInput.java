// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.sound.pcm.PcmFormat;
import io.virtio4j.sound.pcm.PcmInput;
import io.virtio4j.sound.pcm.PcmParameters;
import io.virtio4j.sound.pcm.PcmSource;
import io.virtio4j.sound.pcm.Samples;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Has what a WAV file holds recorded, from its beginning for each stream; silence follows. Nothing is resampled: a
 * stream of another rate cannot be prepared. Channels that the file does not have repeat those that it has.
 *
 * <p>The file is read on the thread that serves the queue, in large pieces; a disk that may hang is put behind a
 * {@link BufferedInput} instead.
 */
public final class WavInput implements PcmInput {

    private static final int BUFFER = 1 << 16;

    private final Path path;

    /** Records from a file, which is opened with each stream. */
    public WavInput(Path path) {
        this.path = path;
    }

    @Override
    public PcmSource open(PcmParameters parameters) throws IOException {
        FileChannel file = FileChannel.open(path);
        try {
            WavHeader header = WavHeader.read(file, path);
            if (header.hertz() != parameters.rate().hertz()) {
                throw new IOException("the file has another rate: file=" + path + " hertz=" + header.hertz()
                        + " wanted=" + parameters.rate().hertz());
            }
            return new Playing(file, header, parameters);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static final class Playing implements PcmSource {

        private final FileChannel file;
        private final WavHeader header;
        private final PcmParameters parameters;
        private final ByteBuffer bytes;
        private final ByteBuf pending;
        private final int frame;
        private long position;

        private Playing(FileChannel file, WavHeader header, PcmParameters parameters) {
            this.file = file;
            this.header = header;
            this.parameters = parameters;
            frame = header.channels() * header.format().bytes();
            position = header.dataOffset();
            bytes = ByteBuffer.allocateDirect(BUFFER - BUFFER % frame);
            pending = Unpooled.wrappedBuffer(bytes).clear();
        }

        @Override
        public void read(ByteBuf target) {
            PcmFormat format = parameters.format();
            while (target.isWritable() && next()) {
                int from = pending.readerIndex();
                for (int channel = 0; channel < parameters.channels(); channel++) {
                    int sample = Samples.get(header.format(), pending,
                            from + channel % header.channels() * header.format().bytes());
                    Samples.set(format, target, target.writerIndex(), sample);
                    target.writerIndex(target.writerIndex() + format.bytes());
                }
                pending.skipBytes(frame);
            }
        }

        /** Whether there is another frame. */
        private boolean next() {
            if (pending.readableBytes() >= frame) {
                return true;
            }
            long left = header.dataOffset() + header.dataBytes() - position;
            bytes.position(0).limit((int) Math.min(bytes.capacity(), left - left % frame));
            try {
                while (bytes.hasRemaining() && file.read(bytes, position + bytes.position()) > 0) {
                    // A file may be read in parts.
                }
            } catch (IOException e) {
                throw new UncheckedIOException("cannot read what is recorded", e);
            }
            pending.setIndex(0, bytes.position() - bytes.position() % frame);
            position += pending.writerIndex();
            return pending.isReadable();
        }

        @Override
        public void skip(int frames) {
            for (int i = 0; i < frames && next(); i++) {
                pending.skipBytes(frame);
            }
        }

        @Override
        public void close() {
            try {
                file.close();
            } catch (IOException e) {
                throw new UncheckedIOException("cannot close a file", e);
            }
        }
    }

    /** What a file says about itself. */
    private record WavHeader(PcmFormat format, int channels, int hertz, long dataOffset, long dataBytes) {

        private static final int RIFF_SIZE = 12;
        private static final int CHUNK_SIZE = 8;
        private static final int FMT_SIZE = 16;
        private static final int SUBFORMAT_AT = 24;

        static WavHeader read(FileChannel file, Path path) throws IOException {
            ByteBuf riff = read(file, 0, RIFF_SIZE);
            if (riff == null || riff.getInt(0) != 0x52494646 || riff.getInt(8) != 0x57415645) { // RIFF, WAVE
                throw new IOException("not a WAV file: file=" + path);
            }
            ByteBuf fmt = null;
            long at = RIFF_SIZE;
            for (ByteBuf chunk = read(file, at, CHUNK_SIZE); chunk != null; chunk = read(file, at, CHUNK_SIZE)) {
                long size = chunk.getUnsignedIntLE(4);
                at += CHUNK_SIZE;
                if (chunk.getInt(0) == 0x666D7420 && size >= FMT_SIZE) { // fmt
                    fmt = read(file, at, (int) Math.min(size, 40));
                } else if (chunk.getInt(0) == 0x64617461 && fmt != null) { // data
                    return of(fmt, path, at, Math.min(size, file.size() - at));
                }
                at += size + size % 2;
            }
            throw new IOException("a WAV file without format or data: file=" + path);
        }

        private static @Nullable ByteBuf read(FileChannel file, long at, int size) throws IOException {
            ByteBuffer bytes = ByteBuffer.allocate(size);
            while (bytes.hasRemaining() && file.read(bytes, at + bytes.position()) > 0) {
                // A file may be read in parts.
            }
            return bytes.hasRemaining() ? null : Unpooled.wrappedBuffer(bytes.flip());
        }

        private static WavHeader of(ByteBuf fmt, Path path, long dataOffset, long dataBytes) throws IOException {
            int tag = fmt.getUnsignedShortLE(0);
            if (tag == WavFormat.EXTENSIBLE && fmt.capacity() >= SUBFORMAT_AT + 2) {
                tag = fmt.getUnsignedShortLE(SUBFORMAT_AT);
            }
            PcmFormat format = WavFormat.of(tag, fmt.getUnsignedShortLE(14));
            int channels = fmt.getUnsignedShortLE(2);
            if (format == null || channels == 0 || channels > 255) {
                throw new IOException("a WAV file of a kind that is not known: file=" + path + " tag=" + tag
                        + " bits=" + fmt.getUnsignedShortLE(14) + " channels=" + channels);
            }
            return new WavHeader(format, channels, (int) fmt.getUnsignedIntLE(4), dataOffset, dataBytes);
        }
    }
}
