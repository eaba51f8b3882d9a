// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the states of zones in a file beside the image.
 *
 * <p>The file has two slots of the same size, written in turn, so that one of them is whole at any moment.
 * Little-endian:
 *
 * <pre>
 *   magic le64 | version le16 | turn le64 | length le32 | content | crc32c le32 of all before
 * </pre>
 */
public final class ZoneFile implements ZoneStore, AutoCloseable {

    private static final long MAGIC = 0x6e6f_7a34_7472_6976L; // "virt4zon"
    private static final int VERSION = 1;
    private static final int AROUND = 8 + 2 + 8 + 4 + 4;
    private static final int BLOCK = 4096;

    /** Enough for the zones of any disk. */
    private static final int MOST = 64 << 20;

    private final Path path;
    private final SteadyFile file;
    private long turn;

    private record Slot(long turn, byte[] content) {}

    private ZoneFile(Path path, SteadyFile file) {
        this.path = path;
        this.file = file;
    }

    /** Opens the file; creates it if there is none. */
    public static ZoneFile open(Path path) throws IOException {
        boolean created = !Files.exists(path);
        SteadyFile file = new SteadyFile(path, true);
        try {
            if (created) {
                FileBackend.forceDirectory(path);
            }
            return new ZoneFile(path, file);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    @Override
    public byte @Nullable [] load() throws IOException {
        long slotSize = file.size() / 2;
        if (slotSize == 0) {
            return null;
        }
        Slot first = slot(0, slotSize);
        Slot second = slot(slotSize, slotSize);
        Slot newest = first == null || second != null && second.turn > first.turn ? second : first;
        if (newest == null && isBlank()) {
            return null; // the host crashed in the first store
        }
        if (newest == null) {
            throw new IOException("no slot of the file is whole: remove it to begin with empty zones: file="
                    + path);
        }
        turn = newest.turn;
        return newest.content;
    }

    /** Whether the slot that is written second never was. */
    private boolean isBlank() throws IOException {
        byte[] magic = new byte[Long.BYTES];
        read(magic, 0);
        return new StateReader(magic).le64() == 0;
    }

    private @Nullable Slot slot(long offset, long size) throws IOException {
        if (size > MOST || size < AROUND) {
            return null;
        }
        byte[] bytes = new byte[(int) size];
        read(bytes, offset);
        StateReader in = new StateReader(bytes);
        try {
            if (in.le64() != MAGIC || in.le16() != VERSION) {
                return null;
            }
            long slotTurn = in.le64();
            byte[] content = in.bytes();
            return in.le32() == checksum(bytes, AROUND - 4 + content.length)
                    ? new Slot(slotTurn, content)
                    : null;
        } catch (StateException e) {
            return null; // torn
        }
    }

    private static long checksum(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return crc.getValue();
    }

    private void read(byte[] bytes, long offset) throws IOException {
        ByteBuffer target = ByteBuffer.wrap(bytes);
        while (target.hasRemaining()) {
            if (file.read(target, offset + target.position()) < 0) {
                throw new EOFException("file was truncated while it was read: file=" + path);
            }
        }
    }

    @Override
    public void store(byte[] zones) throws IOException {
        byte[] head = new StateWriter().le64(MAGIC).le16(VERSION).le64(turn + 1).bytes(zones).toByteArray();
        byte[] slot = new StateWriter().le32(checksum(head, head.length)).toByteArray();
        long slotSize = (head.length + slot.length + BLOCK - 1) / BLOCK * BLOCK;
        if (file.size() != 2 * slotSize) {
            file.setSize(2 * slotSize);
        }
        long offset = (turn + 1) % 2 * slotSize;
        write(head, offset);
        write(slot, offset + head.length);
        file.force();
        turn++;
    }

    private void write(byte[] bytes, long offset) throws IOException {
        ByteBuffer source = ByteBuffer.wrap(bytes);
        while (source.hasRemaining()) {
            file.write(source, offset + source.position());
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    @Override
    public String toString() {
        return "ZoneFile[" + path + "]";
    }
}
