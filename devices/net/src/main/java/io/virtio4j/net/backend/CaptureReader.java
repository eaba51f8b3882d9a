// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads packets from a file in the pcap format, of micro- or nanoseconds, or the pcapng format, of either byte
 * order. Only Ethernet.
 */
final class CaptureReader implements AutoCloseable {

    /**
     * A packet.
     *
     * @param time in nanoseconds since 1970; 0 if the file does not tell
     * @param bytes that were kept of it
     */
    record Captured(long time, byte[] bytes) {}

    private static final int MICROSECONDS = 0xA1B2_C3D4;
    private static final int NANOSECONDS = 0xA1B2_3C4D;
    private static final int MOST_BYTES = 256 << 10;
    private static final int MOST_BLOCK = 1 << 20;
    private static final long SECOND = 1_000_000_000L;

    /** How the packets of an interface are to be read. */
    private record Interface(boolean ethernet, long ticksPerSecond) {}

    private final InputStream in;
    private final List<Interface> interfaces = new ArrayList<>();
    private final boolean blocks;
    private ByteOrder order = ByteOrder.BIG_ENDIAN;
    private long fraction;

    CaptureReader(Path path) throws IOException {
        in = new BufferedInputStream(Files.newInputStream(path), 1 << 16);
        try {
            ByteBuffer magic = read(4);
            blocks = magic.getInt(0) == CaptureFile.SECTION_HEADER;
            if (blocks) {
                readSection();
            } else {
                readHeader(magic);
            }
        } catch (IOException failed) {
            in.close();
            throw failed;
        }
    }

    private ByteBuffer read(int bytes) throws IOException {
        byte[] read = in.readNBytes(bytes);
        if (read.length < bytes) {
            throw new EOFException("the capture ends in the middle: wanted=" + bytes + " left=" + read.length);
        }
        return ByteBuffer.wrap(read).order(order);
    }

    private boolean atEnd() throws IOException {
        in.mark(1);
        int next = in.read();
        in.reset();
        return next < 0;
    }

    /** The next packet, or null at the end. */
    @Nullable Captured next() throws IOException {
        while (!atEnd()) {
            Captured packet = blocks ? nextBlock() : nextRecord();
            if (packet != null) {
                return packet;
            }
        }
        return null;
    }

    // ── pcap ───────────────────────────────────────────────────────────────

    private void readHeader(ByteBuffer magic) throws IOException {
        for (ByteOrder possible : new ByteOrder[] {ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN}) {
            int value = magic.order(possible).getInt(0);
            if (value == MICROSECONDS || value == NANOSECONDS) {
                order = possible;
                fraction = value == MICROSECONDS ? 1000 : 1;
            }
        }
        if (fraction == 0) {
            throw new IOException("not a capture: magic=0x" + Integer.toHexString(magic.getInt(0)));
        }
        int link = read(20).getInt(16);
        if ((link & 0xFFFF) != CaptureFile.ETHERNET) {
            throw new IOException("only captures of Ethernet can be replayed: linktype=" + link);
        }
    }

    private Captured nextRecord() throws IOException {
        ByteBuffer header = read(16);
        long time = Integer.toUnsignedLong(header.getInt(0)) * SECOND
                + Integer.toUnsignedLong(header.getInt(4)) * fraction;
        return new Captured(time, read(checked(header.getInt(8))).array());
    }

    private static int checked(int length) throws IOException {
        if (length < 0 || length > MOST_BYTES) {
            throw new IOException("a packet of the capture is too long: length=" + Integer.toUnsignedString(length));
        }
        return length;
    }

    // ── pcapng ─────────────────────────────────────────────────────────────

    /** Reads what follows the type of a section's first block. */
    private void readSection() throws IOException {
        ByteBuffer start = read(8);
        order = start.getInt(4) == CaptureFile.BYTE_ORDER ? start.order() : opposite(start.order());
        if (start.order(order).getInt(4) != CaptureFile.BYTE_ORDER) {
            throw new IOException("not a capture: byte order=0x" + Integer.toHexString(start.getInt(4)));
        }
        skip(blockLength(start.getInt(0)) - 12);
        interfaces.clear();
    }

    private static ByteOrder opposite(ByteOrder order) {
        return order == ByteOrder.BIG_ENDIAN ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
    }

    private static int blockLength(int length) throws IOException {
        if (length < 12 || length > MOST_BLOCK || length % 4 != 0) {
            throw new IOException("a block of the capture has an impossible length: length="
                    + Integer.toUnsignedString(length));
        }
        return length;
    }

    private void skip(int bytes) throws IOException {
        in.skipNBytes(bytes);
    }

    private @Nullable Captured nextBlock() throws IOException {
        int type = read(4).getInt(0);
        if (type == CaptureFile.SECTION_HEADER) {
            readSection();
            return null;
        }
        int length = blockLength(read(4).getInt(0));
        ByteBuffer body = read(length - 12);
        skip(4);
        try {
            return switch (type) {
                case CaptureFile.INTERFACE -> {
                    interfaces.add(readInterface(body));
                    yield null;
                }
                case CaptureFile.PACKET -> readPacket(body);
                case CaptureFile.SIMPLE_PACKET -> readSimplePacket(body);
                default -> null;
            };
        } catch (BufferUnderflowException | IndexOutOfBoundsException cut) {
            throw new IOException("a block of the capture is too short: type=" + type + " length=" + length, cut);
        }
    }

    private static Interface readInterface(ByteBuffer body) {
        boolean ethernet = body.getShort(0) == CaptureFile.ETHERNET;
        long ticks = 1_000_000;
        body.position(8);
        while (body.remaining() >= 4) {
            int code = body.getShort() & 0xFFFF;
            int length = body.getShort() & 0xFFFF;
            if (code == 0) {
                break;
            }
            if (code == CaptureFile.OPTION_RESOLUTION && length == 1) {
                int value = body.get(body.position());
                ticks = value < 0 ? 1L << Math.min(value & 0x7F, 62) : (long) Math.pow(10, Math.min(value, 18));
            }
            body.position(body.position() + Math.min(length + 3 & ~3, body.remaining()));
        }
        return new Interface(ethernet, ticks);
    }

    private @Nullable Captured readPacket(ByteBuffer body) throws IOException {
        int number = body.getInt();
        long ticks = (long) body.getInt() << 32 | Integer.toUnsignedLong(body.getInt());
        int length = checked(body.getInt());
        body.getInt();
        if (number < 0 || number >= interfaces.size() || !interfaces.get(number).ethernet) {
            return null;
        }
        long perSecond = interfaces.get(number).ticksPerSecond;
        long time = ticks / perSecond * SECOND + (long) ((double) (ticks % perSecond) / perSecond * SECOND + 0.5);
        return new Captured(time, bytes(body, length));
    }

    private @Nullable Captured readSimplePacket(ByteBuffer body) throws IOException {
        int length = checked(body.getInt());
        if (interfaces.isEmpty() || !interfaces.getFirst().ethernet) {
            return null;
        }
        return new Captured(0, bytes(body, Math.min(length, body.remaining())));
    }

    private static byte[] bytes(ByteBuffer body, int length) {
        byte[] bytes = new byte[length];
        body.get(bytes);
        return bytes;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
