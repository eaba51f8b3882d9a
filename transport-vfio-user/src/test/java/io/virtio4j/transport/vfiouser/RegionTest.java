// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** [VFIO_USER_DEVICE_GET_REGION_INFO], [Read and Write Operations], [VFIO_USER_REGION_WRITE_MULTI] */
class RegionTest {

    private static final int CONFIG = Wire.CONFIG;

    @Test
    void a_device_is_a_pci_device_that_can_be_reset() {
        try (Served served = new Served(); Client client = served.negotiated()) {
            ByteBuffer info = client.call(Wire.DEVICE_GET_INFO, Wire.deviceInfo());

            assertEquals(16, info.getInt());
            assertEquals(3, info.getInt()); // RESET, PCI
            assertEquals(9, info.getInt()); // as VFIO_PCI_NUM_REGIONS
            assertEquals(5, info.getInt()); // as VFIO_PCI_NUM_IRQS
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 4194304", "1, 0", "2, 16", "3, 0", "4, 0", "5, 0", "6, 0", "7, 4096", "8, 0"})
    void regions_are_described(int index, long size) {
        try (Served served = new Served(); Client client = served.negotiated()) {
            ByteBuffer info = client.call(Wire.DEVICE_GET_REGION_INFO, Wire.regionInfo(index));

            assertEquals(32, info.remaining());
            assertEquals(32, info.getInt());
            assertEquals(size == 0 ? 0 : 3, info.getInt()); // READ, WRITE
            assertEquals(index, info.getInt());
            assertEquals(0, info.getInt());
            assertEquals(size, info.getLong());
            assertEquals(0, info.getLong());
        }
    }

    @Test
    @HostileCase("VF-2")
    void regions_that_are_not_there_are_refused() {
        try (Served served = new Served(); Client client = served.negotiated()) {
            int[] indices = {9, 10, 63, 0x7FFF_FFFF, 0x8000_0000, -1};
            for (int index : indices) {
                client.refused(Wire.EINVAL, Wire.DEVICE_GET_REGION_INFO, Wire.regionInfo(index));
            }
            HostileCases.count("VF-2", indices.length);
        }
    }

    // ── Accesses ───────────────────────────────────────────────────────────

    @ParameterizedTest
    @CsvSource({
        "0, 0, 1, bar0 0 1", "0, 3, 1, bar0 3 1", "0, 2, 2, bar0 2 2", "0, 4, 4, bar0 4 4", "0, 8, 8, bar0 8 8",
        "0, 1, 2, bar0 1 2", "0, 2, 4, bar0 2 4", "0, 4, 8, bar0 4 8", // as one, for the function to judge
        "7, 0, 1, config 0 1", "7, 2, 2, config 2 2", "7, 4, 4, config 4 4",
        "7, 0, 8, config 0 4; config 4 4", "7, 1, 2, config 1 1; config 2 1", "7, 2, 4, config 2 2; config 4 2",
        "7, 1, 4, config 1 1; config 2 2; config 4 1",
        "0, 0, 3, bar0 0 2; bar0 2 1", "0, 1, 7, bar0 1 1; bar0 2 2; bar0 4 4", "0, 6, 6, bar0 6 2; bar0 8 4",
        "0, 0, 16, bar0 0 8; bar0 8 8", "0, 4, 12, bar0 4 4; bar0 8 8",
        "2, 15, 1, bar2 15 1", "2, 8, 8, bar2 8 8",
    })
    void a_read_becomes_accesses_as_a_processor_makes_them(int region, int offset, int count, String expected) {
        try (Served served = new Served(); Client client = served.negotiated()) {
            ByteBuffer data = client.call(Wire.REGION_READ, Wire.access(region, offset, count));

            assertEquals(expected, String.join("; ", served.function.takeAccesses()));
            assertEquals(offset, data.getLong());
            assertEquals(region, data.getInt());
            assertEquals(count, data.getInt());
            assertEquals(count, data.remaining());
            for (int i = 0; i < count; i++) {
                assertEquals((byte) (offset + i), data.get());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, 1, bar0 0 1 = 10", "0, 2, 2, bar0 2 2 = 1110", "0, 4, 4, bar0 4 4 = 13121110",
        "0, 8, 8, bar0 8 8 = 1716151413121110", "0, 1, 3, bar0 1 1 = 10; bar0 2 2 = 1211",
        "7, 4, 4, config 4 4 = 13121110", "7, 2, 4, config 2 2 = 1110; config 4 2 = 1312",
        "7, 4, 8, config 4 4 = 13121110; config 8 4 = 17161514",
    })
    void a_write_becomes_accesses_as_a_processor_makes_them(int region, int offset, int count, String expected) {
        try (Served served = new Served(); Client client = served.negotiated()) {
            byte[] data = new byte[count];
            for (int i = 0; i < count; i++) {
                data[i] = (byte) (0x10 + i);
            }

            ByteBuffer reply = client.call(Wire.REGION_WRITE, Wire.access(region, offset, count, data));

            assertEquals(Wire.read(Wire.access(region, offset, count)), reply);
            assertEquals(expected, String.join("; ", served.function.takeAccesses()));
        }
    }

    @Test
    void nothing_is_accessed_where_nothing_is_asked_for() {
        try (Served served = new Served(); Client client = served.negotiated()) {
            for (long offset : new long[] {0, 7, RecordingFunction.BAR0_SIZE}) {
                assertEquals(16, client.call(Wire.REGION_READ, Wire.access(0, offset, 0)).remaining());
                assertEquals(16, client.call(Wire.REGION_WRITE, Wire.access(0, offset, 0)).remaining());
            }
            assertEquals(List.of(), served.function.takeAccesses());
        }
    }

    @Test
    void as_much_as_was_agreed_is_read_and_written_at_once() {
        try (Served served = new Served(); Client client = served.negotiated()) {
            ByteBuffer data = client.call(Wire.REGION_READ, Wire.access(0, 8, Wire.MOST_DATA));
            assertEquals(16 + Wire.MOST_DATA, data.remaining());
            assertEquals((byte) (8 + Wire.MOST_DATA - 1), data.get(16 + Wire.MOST_DATA - 1));

            client.call(Wire.REGION_WRITE, Wire.access(0, 0, Wire.MOST_DATA, new byte[Wire.MOST_DATA]));

            assertEquals(2 * Wire.MOST_DATA / 8, served.function.takeAccesses().size());
        }
    }

    // ── Out of bounds ──────────────────────────────────────────────────────

    /** Every offset and count around both ends of every region, and of the numbers. */
    @Test
    @HostileCase("VF-2")
    void accesses_across_the_end_of_a_region_are_refused() {
        long[] sizes = {RecordingFunction.BAR0_SIZE, 0, RecordingFunction.BAR2_SIZE, 0, 0, 0, 0,
            RecordingFunction.CONFIG_SIZE, 0};
        long[] counts = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17};
        long refused = 0;
        try (Served served = new Served(); Client client = served.negotiated()) {
            for (int region = 0; region < sizes.length; region++) {
                long size = sizes[region];
                List<Long> offsets = new ArrayList<>(List.of(Long.MAX_VALUE, Long.MIN_VALUE, -1L, -16L,
                        0xFFFF_FFFFL, 0x1_0000_0000L));
                for (long near = size - 20; near <= size + 4; near++) {
                    offsets.add(near);
                }
                for (long offset : offsets) {
                    for (long count : counts) {
                        if (offset >= 0 && offset <= size && count <= size - offset) {
                            continue;
                        }
                        client.refused(Wire.EINVAL, Wire.REGION_READ, Wire.access(region, offset, count));
                        client.refused(Wire.EINVAL, Wire.REGION_WRITE,
                                Wire.access(region, offset, count, new byte[(int) count]));
                        refused += 2;
                    }
                }
            }
            assertEquals(List.of(), served.function.takeAccesses());
            client.assertServed();
        }
        assertTrue(refused > 1000);
        HostileCases.count("VF-2", refused);
    }

    @Test
    @HostileCase("VF-2")
    void accesses_that_are_too_long_or_go_nowhere_are_refused() {
        try (Served served = new Served(); Client client = served.negotiated()) {
            long[] counts = {Wire.MOST_DATA + 1L, 1L << 21, 0x7FFF_FFFFL, 0x8000_0000L, 0xFFFF_FFFFL};
            for (long count : counts) {
                client.refused(Wire.EINVAL, Wire.REGION_READ, Wire.access(0, 0, count));
                client.refused(Wire.EINVAL, Wire.REGION_WRITE, Wire.access(0, 0, count, new byte[8]));
            }
            int[] regions = {9, 10, 255, 0x7FFF_FFFF, 0x8000_0000, -1};
            for (int region : regions) {
                client.refused(Wire.EINVAL, Wire.REGION_READ, Wire.access(region, 0, 1));
                client.refused(Wire.EINVAL, Wire.REGION_WRITE, Wire.access(region, 0, 1, (byte) 0));
            }
            assertEquals(List.of(), served.function.takeAccesses());
            client.assertServed();
            HostileCases.count("VF-2", 2L * counts.length + 2L * regions.length);
        }
    }

    @Test
    @HostileCase("VF-2")
    void a_write_carries_as_much_as_it_says() {
        try (Served served = new Served(); Client client = served.negotiated()) {
            int[] lengths = {0, 1, 3, 5, 8, 4096};
            for (int length : lengths) {
                client.refused(Wire.EINVAL, Wire.REGION_WRITE, Wire.access(0, 0, 4, new byte[length]));
            }
            client.refused(Wire.EINVAL, Wire.REGION_READ, Wire.access(0, 0, 4, new byte[4]));
            assertEquals(List.of(), served.function.takeAccesses());
            HostileCases.count("VF-2", lengths.length + 1);
        }
    }

    // ── Several writes ─────────────────────────────────────────────────────

    private static Wire write(Wire to, int region, long offset, int count, long data) {
        return to.u64(offset).u32(region).u32(count).u64(data);
    }

    @Test
    void several_writes_in_a_message_are_made_in_their_order() {
        try (Served served = new Served(); Client client = served.negotiated()) {
            Wire writes = Wire.payload().u64(4);
            write(writes, 0, 16, 8, 0x1122334455667788L);
            write(writes, 7, 4, 2, 0xABCD);
            write(writes, 2, 15, 1, 0xEE);
            write(writes, 0, 0, 3, 0x030201);

            ByteBuffer reply = client.call(Wire.REGION_WRITE_MULTI, writes.bytes());

            assertEquals(8, reply.remaining());
            assertEquals(4, reply.getLong());
            assertEquals(List.of("bar0 16 8 = 1122334455667788", "config 4 2 = abcd", "bar2 15 1 = ee",
                    "bar0 0 2 = 201", "bar0 2 1 = 3"), served.function.takeAccesses());
        }
    }

    @Test
    @HostileCase("VF-2")
    void several_writes_are_made_all_or_none() {
        try (Served served = new Served(); Client client = served.negotiated()) {
            long[][] bad = {{0, RecordingFunction.BAR0_SIZE, 1}, {1, 0, 1}, {9, 0, 1}, {-1, 0, 1}, {0, -1, 1},
                {0, Long.MAX_VALUE, 8}, {0, 0, 9}, {0, 0, -1}, {7, RecordingFunction.CONFIG_SIZE - 1, 2}};
            for (long[] each : bad) {
                Wire writes = Wire.payload().u64(2);
                write(writes, 0, 0, 4, 1);
                write(writes, (int) each[0], each[1], (int) each[2], 2);
                client.refused(Wire.EINVAL, Wire.REGION_WRITE_MULTI, writes.bytes());
            }
            assertEquals(List.of(), served.function.takeAccesses());
            client.assertServed();
            HostileCases.count("VF-2", bad.length);
        }
    }

    @Test
    @HostileCase("VF-2")
    void the_number_of_several_writes_has_to_fit_the_message() {
        try (Served served = new Served(); Client client = served.negotiated()) {
            long[] counts = {0, 2, 3, 1L << 32, 1L << 62, -1, Long.MIN_VALUE, Long.MAX_VALUE,
                // 24 times this is 24 again, if it wraps
                0x2000_0000_0000_0001L};
            for (long count : counts) {
                client.refused(Wire.EINVAL, Wire.REGION_WRITE_MULTI,
                        write(Wire.payload().u64(count), 0, 0, 4, 1).bytes());
            }
            assertEquals(List.of(), served.function.takeAccesses());
            client.assertServed();
            HostileCases.count("VF-2", counts.length);
        }
    }

    @Test
    void as_many_writes_as_fit_are_made() {
        try (Served served = new Served(); Client client = served.negotiated()) {
            int most = (Wire.MOST_MESSAGE - Wire.HEADER - 8) / 24;
            Wire writes = Wire.payload().u64(most);
            for (int i = 0; i < most; i++) {
                write(writes, 0, 8L * i, 8, i);
            }

            client.call(Wire.REGION_WRITE_MULTI, writes.bytes());

            assertEquals(most, served.function.takeAccesses().size());
        }
    }

    // ── Failure ────────────────────────────────────────────────────────────

    @Test
    void a_function_that_throws_is_an_error_of_that_access() {
        try (Served served = new Served(); Client client = served.negotiated()) {
            served.function.failure = new IllegalStateException("test");
            client.refused(Wire.EIO, Wire.REGION_READ, Wire.access(CONFIG, 0, 4));

            client.assertServed();
            assertEquals(0x03020100, client.read(CONFIG, 0, 4));
        }
    }
}
