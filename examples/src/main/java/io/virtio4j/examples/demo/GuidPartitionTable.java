// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32;

/**
 * A GUID partition table: two copies, each with checksums, and a protective MBR. [UEFI Specification /
 * GUID Partition Table (GPT) Disk Layout]
 *
 * @param disk the disk's GUID
 * @param sectors of 512 bytes, of the whole disk
 * @param partitions in the order of their entries
 */
record GuidPartitionTable(UUID disk, long sectors, List<Partition> partitions) {

    static final int SECTOR = 512;

    /** An EFI system partition. */
    static final UUID EFI_SYSTEM = UUID.fromString("c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
    /** A Linux file system. */
    static final UUID LINUX_FILE_SYSTEM = UUID.fromString("0fc63daf-8483-4772-8e79-3d69d8477de4");
    /** Linux swap space. */
    static final UUID LINUX_SWAP = UUID.fromString("0657fd6d-a4ab-43c4-84e5-0933c84b4f4f");

    /** The first sector that a partition may use: after MBR, header and entries. */
    static final int FIRST_USABLE = 34;

    private static final int ENTRIES = 128;
    private static final int ENTRY_SIZE = 128;
    private static final int ENTRY_SECTORS = ENTRIES * ENTRY_SIZE / SECTOR;
    private static final int HEADER_SIZE = 92;
    private static final int HEADER_CHECKSUM = 16;
    private static final long SIGNATURE = 0x5452_4150_2049_4645L; // "EFI PART"
    private static final int REVISION = 0x0001_0000;
    private static final int NAME_LENGTH = 36;
    private static final int MBR_SIGNATURE = 0xAA55;
    private static final int PROTECTIVE = 0xEE;

    /**
     * One partition.
     *
     * @param first its first sector
     * @param last its last sector
     */
    record Partition(UUID type, UUID id, long first, long last, String name) {

        long sectors() {
            return last - first + 1;
        }
    }

    /** Where sectors come from. */
    @FunctionalInterface
    interface Source {
        byte[] read(long sector, int count) throws IOException;
    }

    /** Where sectors go to. */
    @FunctionalInterface
    interface Target {
        void write(long sector, byte[] data) throws IOException;
    }

    /** The last sector that a partition of a disk may use. */
    static long lastUsable(long sectors) {
        return sectors - ENTRY_SECTORS - 2;
    }

    // ── Writing ────────────────────────────────────────────────────────────

    /** Writes the backup first, so that there is a whole table at any moment. */
    void write(Target target) throws IOException {
        byte[] entries = entries();
        target.write(sectors - 1 - ENTRY_SECTORS, entries);
        target.write(sectors - 1, header(sectors - 1, 1, sectors - 1 - ENTRY_SECTORS, entries));
        target.write(2, entries);
        target.write(1, header(1, sectors - 1, 2, entries));
        target.write(0, protectiveMbr());
    }

    private byte[] entries() {
        ByteBuffer out = sectorBuffer(ENTRY_SECTORS);
        for (int i = 0; i < partitions.size(); i++) {
            Partition partition = partitions.get(i);
            out.position(i * ENTRY_SIZE);
            put(out, partition.type);
            put(out, partition.id);
            out.putLong(partition.first).putLong(partition.last).putLong(0);
            out.put(partition.name.getBytes(StandardCharsets.UTF_16LE));
        }
        return out.array();
    }

    private byte[] header(long at, long other, long entriesAt, byte[] entries) {
        ByteBuffer out = sectorBuffer(1);
        out.putLong(SIGNATURE).putInt(REVISION).putInt(HEADER_SIZE).putInt(0).putInt(0);
        out.putLong(at).putLong(other).putLong(FIRST_USABLE).putLong(lastUsable(sectors));
        put(out, disk);
        out.putLong(entriesAt).putInt(ENTRIES).putInt(ENTRY_SIZE).putInt(checksum(entries, entries.length));
        out.putInt(HEADER_CHECKSUM, checksum(out.array(), HEADER_SIZE));
        return out.array();
    }

    private byte[] protectiveMbr() {
        ByteBuffer out = sectorBuffer(1);
        out.position(446);
        out.put((byte) 0).put(new byte[] {0, 2, 0});
        out.put((byte) PROTECTIVE).put(new byte[] {-1, -1, -1});
        out.putInt(1).putInt((int) Math.min(sectors - 1, 0xFFFF_FFFFL));
        out.putShort(SECTOR - 2, (short) MBR_SIGNATURE);
        return out.array();
    }

    // ── Reading ────────────────────────────────────────────────────────────

    /**
     * Reads both copies, and checks all that can be checked.
     *
     * @throws IOException if there is no table, or it is damaged
     */
    static GuidPartitionTable read(Source source, long sectors) throws IOException {
        ByteBuffer mbr = buffer(source.read(0, 1));
        check((mbr.getShort(SECTOR - 2) & 0xFFFF) == MBR_SIGNATURE, "no MBR");
        check((mbr.get(450) & 0xFF) == PROTECTIVE, "MBR does not protect a GPT");
        GuidPartitionTable first = readCopy(source, 1, sectors - 1, sectors);
        GuidPartitionTable second = readCopy(source, sectors - 1, 1, sectors);
        check(first.equals(second), "the two copies differ");
        return first;
    }

    private static GuidPartitionTable readCopy(Source source, long at, long other, long sectors)
            throws IOException {
        byte[] bytes = source.read(at, 1);
        ByteBuffer in = buffer(bytes);
        check(in.getLong() == SIGNATURE, "no GPT header in sector " + at);
        check(in.getInt() == REVISION && in.getInt() == HEADER_SIZE, "unknown revision in sector " + at);
        int stored = in.getInt(HEADER_CHECKSUM);
        in.putInt(HEADER_CHECKSUM, 0);
        check(stored == checksum(bytes, HEADER_SIZE), "wrong header checksum in sector " + at);
        in.position(24);
        check(in.getLong() == at && in.getLong() == other, "header is not where it says: sector " + at);
        check(in.getLong() == FIRST_USABLE && in.getLong() == lastUsable(sectors), "another disk's size");
        UUID disk = uuid(in);
        long entriesAt = in.getLong();
        check(in.getInt() == ENTRIES && in.getInt() == ENTRY_SIZE, "another number of entries");
        byte[] entries = source.read(entriesAt, ENTRY_SECTORS);
        check(in.getInt() == checksum(entries, entries.length), "wrong checksum of the entries");
        return new GuidPartitionTable(disk, sectors, partitions(buffer(entries)));
    }

    private static List<Partition> partitions(ByteBuffer in) {
        List<Partition> partitions = new ArrayList<>();
        for (int i = 0; i < ENTRIES; i++) {
            in.position(i * ENTRY_SIZE);
            UUID type = uuid(in);
            if (type.equals(new UUID(0, 0))) {
                continue;
            }
            UUID id = uuid(in);
            long first = in.getLong();
            long last = in.getLong();
            in.getLong();
            byte[] name = new byte[2 * NAME_LENGTH];
            in.get(name);
            partitions.add(new Partition(
                    type, id, first, last, new String(name, StandardCharsets.UTF_16LE).replace("\0", "")));
        }
        return partitions;
    }

    private static void check(boolean holds, String otherwise) throws IOException {
        if (!holds) {
            throw new IOException("partition table: " + otherwise);
        }
    }

    // ── Bytes ──────────────────────────────────────────────────────────────

    private static ByteBuffer sectorBuffer(int count) {
        return buffer(new byte[count * SECTOR]);
    }

    private static ByteBuffer buffer(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The first three fields of a GUID are little-endian, the rest is not. */
    private static void put(ByteBuffer out, UUID uuid) {
        long high = uuid.getMostSignificantBits();
        out.putInt((int) (high >>> 32)).putShort((short) (high >>> 16)).putShort((short) high);
        out.putLong(Long.reverseBytes(uuid.getLeastSignificantBits()));
    }

    private static UUID uuid(ByteBuffer in) {
        long high = Integer.toUnsignedLong(in.getInt()) << 32
                | Short.toUnsignedLong(in.getShort()) << 16
                | Short.toUnsignedLong(in.getShort());
        return new UUID(high, Long.reverseBytes(in.getLong()));
    }

    private static int checksum(byte[] bytes, int length) {
        CRC32 crc = new CRC32();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }
}
