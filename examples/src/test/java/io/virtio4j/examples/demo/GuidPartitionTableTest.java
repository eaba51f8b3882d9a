// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import static io.virtio4j.examples.demo.GuidPartitionTable.SECTOR;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.virtio4j.examples.demo.GuidPartitionTable.Partition;
import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class GuidPartitionTableTest {

    private static final int SECTORS = 2048;
    private static final byte[] SIGNATURE = "EFI PART".getBytes(US_ASCII);

    private final GuidPartitionTable table = new GuidPartitionTable(
            UUID.fromString("00112233-4455-6677-8899-aabbccddeeff"), SECTORS, List.of(
                    new Partition(GuidPartitionTable.EFI_SYSTEM, new UUID(1, 2), 34, 99, "boot"),
                    new Partition(GuidPartitionTable.LINUX_FILE_SYSTEM, new UUID(3, -4), 100, 2014,
                            "as long as a name can ever be, or so")));

    private byte[] write() throws IOException {
        byte[] disk = new byte[SECTORS * SECTOR];
        table.write((sector, data) ->
                System.arraycopy(data, 0, disk, (int) sector * SECTOR, data.length));
        return disk;
    }

    private static GuidPartitionTable read(byte[] disk) throws IOException {
        return GuidPartitionTable.read((sector, count) -> Arrays.copyOfRange(
                disk, (int) sector * SECTOR, (int) (sector + count) * SECTOR), SECTORS);
    }

    @Test
    void what_was_written_is_read() throws IOException {
        assertEquals(36, table.partitions().get(1).name().length());

        assertEquals(table, read(write()));
    }

    @Test
    void the_bytes_are_where_the_uefi_specification_puts_them() throws IOException {
        byte[] disk = write();

        HexFormat hex = HexFormat.of();
        assertEquals("55aa", hex.formatHex(disk, 510, 512));
        assertEquals("00000200eeffffff01000000ff070000", hex.formatHex(disk, 446, 462));
        assertArrayEquals(SIGNATURE, Arrays.copyOfRange(disk, 512, 520));
        assertArrayEquals(SIGNATURE,
                Arrays.copyOfRange(disk, (SECTORS - 1) * SECTOR, (SECTORS - 1) * SECTOR + 8));
        assertEquals("33221100554477668899aabbccddeeff", hex.formatHex(disk, 512 + 56, 512 + 72));
        assertEquals("28732ac11ff8d211ba4b00a0c93ec93b", hex.formatHex(disk, 1024, 1040));
        assertEquals("62006f006f0074000000", hex.formatHex(disk, 1024 + 56, 1024 + 66));
    }

    @Test
    void damage_of_any_byte_that_means_something_is_found() throws IOException {
        byte[] disk = write();
        for (int copy : new int[] {1, SECTORS - 1}) {
            for (int i = 0; i < 92; i++) {
                assertDamaged(disk, copy * SECTOR + i);
            }
        }
        for (int i = 0; i < 256; i++) {
            assertDamaged(disk, 2 * SECTOR + i);
            assertDamaged(disk, (SECTORS - 33) * SECTOR + i);
        }
        assertDamaged(disk, 450);
        assertDamaged(disk, 510);
    }

    private static void assertDamaged(byte[] disk, int at) {
        byte[] damaged = disk.clone();
        damaged[at] ^= 1;
        assertThrows(IOException.class, () -> read(damaged), "byte " + at);
    }
}
