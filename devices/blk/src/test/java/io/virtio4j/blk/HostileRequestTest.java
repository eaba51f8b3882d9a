// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.blk.Disk.Range;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.Layout;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.Submitted.Descriptor;
import io.virtio4j.testkit.conformance.HostileCase;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that no honest driver sends, with both rings, direct and indirect. */
@ParameterizedClass(name = "{0}")
@MethodSource("drivers")
class HostileRequestTest {

    private static final int SECTORS = 64;
    private static final byte[] CONTENT = Disk.pattern(1, SECTORS * 512);

    @Parameter
    private DriverOptions options;

    private final MemoryBackend memory = new MemoryBackend(SECTORS * 512);
    private Disk disk;

    static Stream<DriverOptions> drivers() {
        return Stream.of(DriverOptions.split(), DriverOptions.packed()).flatMap(options ->
                Stream.of(options.layout(Layout.AS_LINUX), options.layout(Layout.INDIRECT)));
    }

    @BeforeEach
    void start() {
        BlockDevice device = BlockDevice.of(memory).secureErase(RangeLimits.DEFAULT).build();
        disk = Disk.of(device, options);
        assertEquals(Disk.OK, disk.write(0, CONTENT).status());
    }

    /** Whatever came before: nothing changed, and the queue serves. */
    @AfterEach
    void the_disk_is_as_it_was_and_serves() {
        assertArrayEquals(CONTENT, disk.read(0, CONTENT.length).data());
        disk.close();
    }

    private void assertRefused(int status, Disk.Reply reply) {
        assertEquals(status, reply.status());
        // On errors only the status byte counts, and only it was written.
        assertEquals(1, reply.usedLength());
        byte[] untouched = new byte[reply.data().length];
        Arrays.fill(untouched, Submitted.UNTOUCHED);
        assertArrayEquals(untouched, reply.data());
    }

    // ── Places ─────────────────────────────────────────────────────────────

    static LongStream sectorsOutside() {
        return LongStream.of(SECTORS, SECTORS + 1, 1L << 32, 1L << 54, (1L << 54) + 1, 1L << 55, 1L << 62,
                Long.MAX_VALUE, Long.MIN_VALUE, -1, -2, -SECTORS);
    }

    @ParameterizedTest
    @MethodSource("sectorsOutside")
    @HostileCase({"BL-1", "BL-8"})
    void sectors_past_the_capacity_are_refused(long sector) {
        assertRefused(Disk.IOERR, disk.read(sector, 512));
        assertRefused(Disk.IOERR, disk.write(sector, new byte[512]));
        for (int type : List.of(Disk.DISCARD, Disk.WRITE_ZEROES, Disk.SECURE_ERASE)) {
            assertRefused(Disk.IOERR, disk.ranges(type, new Range(sector, 1, 0)));
            // One good segment before: that one is not done either.
            assertRefused(Disk.IOERR, disk.ranges(type, new Range(0, 1, 0), new Range(sector, 1, 0)));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 63})
    @HostileCase({"BL-2", "BL-8"})
    void requests_that_pass_the_end_with_their_sum_are_refused(int inside) {
        int bytes = (inside + 1) * 512;

        assertRefused(Disk.IOERR, disk.read(SECTORS - inside, bytes));
        assertRefused(Disk.IOERR, disk.write(SECTORS - inside, new byte[bytes]));
        assertRefused(Disk.IOERR,
                disk.ranges(Disk.WRITE_ZEROES, new Range(SECTORS - inside, inside + 1, 0)));
        assertRefused(Disk.IOERR, disk.ranges(Disk.WRITE_ZEROES, new Range(1, 0xFFFF_FFFFL, 0)));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 511, 513, 1023, 4095})
    @HostileCase({"BL-3", "BL-8"})
    void data_that_is_no_whole_sectors_is_refused(int bytes) {
        assertRefused(Disk.IOERR, disk.read(0, bytes));
        assertRefused(Disk.IOERR, disk.write(0, new byte[bytes]));
    }

    // ── Segments ───────────────────────────────────────────────────────────

    @ParameterizedTest
    @ValueSource(ints = {Disk.DISCARD, Disk.WRITE_ZEROES, Disk.SECURE_ERASE})
    @HostileCase("BL-5")
    void too_many_segments_are_refused_before_any_is_done(int type) {
        int most = RangeLimits.DEFAULT.maxSegments();
        Range[] ranges = new Range[most + 1];
        Arrays.fill(ranges, new Range(0, 1, 0));

        assertRefused(Disk.IOERR, disk.ranges(type, ranges));
        assertRefused(Disk.IOERR, disk.ranges(type));
        assertRefused(Disk.IOERR, disk.request(type, 0, new byte[1 << 20], 0));
    }

    @ParameterizedTest
    @ValueSource(ints = {Disk.DISCARD, Disk.WRITE_ZEROES, Disk.SECURE_ERASE})
    @HostileCase("BL-5")
    void odd_segments_are_refused(int type) {
        for (int bytes : List.of(1, 15, 17, 31, 33)) {
            assertRefused(Disk.IOERR, disk.request(type, 0, new byte[bytes], 0));
        }
        assertRefused(Disk.UNSUPP, disk.ranges(type, new Range(0, 1, 0), new Range(0, 1, 2)));
    }

    @ParameterizedTest
    @ValueSource(ints = {Disk.DISCARD, Disk.WRITE_ZEROES, Disk.SECURE_ERASE})
    @HostileCase("BL-5")
    void overlapping_segments_are_served(int type) {
        assertEquals(Disk.OK,
                disk.ranges(type, new Range(0, 8, 0), new Range(4, 8, 0), new Range(0, 8, 0)).status());
        disk.write(0, CONTENT);
    }

    // ── Shapes ─────────────────────────────────────────────────────────────

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 19, 20, 21, 100})
    @HostileCase("BL-6")
    void get_id_writes_at_most_20_bytes(int room) {
        Disk.Reply reply = disk.request(Disk.GET_ID, 0, new byte[0], room);

        int written = Math.min(room, 20);
        assertEquals(Disk.OK, reply.status());
        assertEquals(written + 1, reply.usedLength());
        byte[] expected = new byte[room];
        Arrays.fill(expected, written, room, Submitted.UNTOUCHED);
        assertArrayEquals(expected, reply.data());
    }

    private Submitted exchange(Descriptor... descriptors) {
        Submitted submitted = disk.queue().add(List.of(descriptors),
                options.layout() == Layout.INDIRECT ? 0 : descriptors.length);
        disk.queue().publish();
        disk.queue().kick();
        return disk.queue().await(submitted);
    }

    private GuestBuffer header(int type) {
        GuestBuffer header = disk.driver().ram().allocate(16);
        header.write(0, Disk.bytes(type, 0, new byte[0]));
        return header;
    }

    static IntStream types() {
        return IntStream.of(0, 1, 4, 8, 10, 11, 13, 14, 15, 16, 18, 20, 22, 24, 26, 2, 99);
    }

    @ParameterizedTest
    @MethodSource("types")
    @HostileCase("BL-7")
    void a_request_without_a_writable_status_is_returned_with_length_0(int type) {
        GuestBuffer header = header(type);
        GuestBuffer data = disk.driver().ram().allocate(513);
        GuestBuffer empty = disk.driver().ram().allocate(1);

        Submitted headerOnly = exchange(new Descriptor(header.address(), 16, false));
        Submitted statusReadable = exchange(new Descriptor(header.address(), 16, false),
                new Descriptor(data.address(), 513, false));
        Submitted statusEmpty = exchange(new Descriptor(header.address(), 16, false),
                new Descriptor(data.address(), 512, false), new Descriptor(empty.address(), 0, true));
        Submitted statusNowhere = exchange(new Descriptor(header.address(), 16, false),
                new Descriptor(data.address(), 512, false), new Descriptor(0xDEAD_0000L, 1, true));

        for (Submitted submitted : List.of(headerOnly, statusReadable, statusEmpty, statusNowhere)) {
            assertEquals(0, submitted.usedLength());
        }
        assertTrue(data.isFilledWith(0));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8, 15})
    @HostileCase("BL-7")
    void a_short_header_is_refused(int bytes) {
        GuestBuffer header = header(Disk.OUT);
        GuestBuffer status = disk.driver().ram().allocate(1);

        Submitted submitted = exchange(new Descriptor(header.address(), bytes, false),
                new Descriptor(status.address(), 1, true));

        assertEquals(1, submitted.usedLength());
        assertTrue(status.isFilledWith(Disk.IOERR));
    }

    @ParameterizedTest
    @ValueSource(ints = {Disk.IN, Disk.OUT})
    @HostileCase({"BL-7", "BL-8"})
    void data_that_is_not_in_guest_memory_is_refused_and_nothing_moved(int type) {
        GuestBuffer header = header(type);
        GuestBuffer data = disk.driver().ram().allocate(512);
        data.fill(0x77);
        GuestBuffer status = disk.driver().ram().allocate(1);
        boolean writable = type == Disk.IN;

        Submitted submitted = exchange(new Descriptor(header.address(), 16, false),
                new Descriptor(data.address(), 512, writable), new Descriptor(0xDEAD_0000L, 512, writable),
                new Descriptor(status.address(), 1, true));

        assertEquals(1, submitted.usedLength());
        assertTrue(status.isFilledWith(Disk.IOERR));
        assertTrue(data.isFilledWith(0x77));
    }

    @ParameterizedTest
    @HostileCase("BL-7")
    @ValueSource(ints = {2, 3, 5, 512})
    void a_status_in_the_same_buffer_as_data_is_its_last_byte(int length) {
        GuestBuffer header = header(99);
        GuestBuffer writable = disk.driver().ram().allocate(length);
        writable.fill(0x77);

        Submitted submitted = exchange(new Descriptor(header.address(), 16, false),
                new Descriptor(writable.address(), length, true));

        assertEquals(1, submitted.usedLength());
        assertEquals(Disk.UNSUPP, writable.get(length - 1, 1));
        assertEquals(0x77, writable.get(length - 2, 1));
    }

    // ── Types ──────────────────────────────────────────────────────────────

    static LongStream unknownTypes() {
        LongStream small = LongStream.range(0, 64).filter(type -> types().noneMatch(known -> known == type)
                || type == 2 || type >= 15 && type <= 26);
        LongStream high = LongStream.of(0x8000_0000L, 0x8000_0001L, 0x8000_0004L, 0xFFFF_FFFFL, 0x100, 0x10001);
        LongStream random = new SplittableRandom(7).longs(50, 64, 1L << 32);
        return LongStream.concat(LongStream.concat(small, high), random);
    }

    @ParameterizedTest
    @MethodSource("unknownTypes")
    @HostileCase({"BL-9", "BL-8"})
    void types_that_are_not_offered_are_unsupported(long type) {
        assertRefused(Disk.UNSUPP, disk.request((int) type, 0, new byte[512], 512));
    }

    // ── Configuration ──────────────────────────────────────────────────────

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8})
    @HostileCase("BL-10")
    void writes_to_other_fields_are_ignored(int width) {
        byte[] before = config();

        for (int offset = 0; offset <= 96; offset++) {
            boolean holdsWriteback = offset <= 32 && 32 < offset + width;
            if (!holdsWriteback) {
                disk.driver().port().writeConfig(offset, width, -1L);
            }
        }

        assertArrayEquals(before, config());
    }

    private byte[] config() {
        byte[] bytes = new byte[96];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) disk.driver().port().readConfig(i, 1);
        }
        return bytes;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 127, 255})
    @HostileCase("BL-10")
    void any_other_writeback_than_0_reads_as_1(int value) {
        disk.driver().port().writeConfig(32, 1, value);

        assertEquals(value == 0 ? 0 : 1, disk.driver().port().readConfig(32, 1));
        assertEquals(Disk.OK, disk.write(0, Arrays.copyOf(CONTENT, 512)).status());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    @HostileCase("BL-10")
    void writeback_is_read_only_without_config_wce(int value) {
        disk.start(options.without(BlockFeature.CONFIG_WCE));
        long before = disk.driver().port().readConfig(32, 1);

        disk.driver().port().writeConfig(32, 1, value);

        assertEquals(before, disk.driver().port().readConfig(32, 1));
    }

    // ── Amounts ────────────────────────────────────────────────────────────

    /** Descriptors may overlap: a driver claims more than it has. */
    @ParameterizedTest
    @ValueSource(ints = {Disk.IN, Disk.OUT})
    @HostileCase("BL-11")
    void a_queue_full_of_the_largest_requests_is_served_in_turns(int type) {
        long claim = 8 << 20;
        int bytes = 4 << 20;
        try (Disk large = Disk.of(new BlockDevice(new MemoryBackend(1L << 30, 32 << 20)),
                options.queueSize(128), builder -> {})) {
            GuestBuffer header = large.driver().ram().allocate(16);
            header.write(0, Disk.bytes(type, 0, new byte[0]));
            GuestBuffer data = large.driver().ram().allocate(bytes);
            GuestBuffer status = large.driver().ram().allocate(1);
            List<Submitted> all = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                List<Descriptor> descriptors = new ArrayList<>();
                descriptors.add(new Descriptor(header.address(), 16, false));
                for (long claimed = 0; claimed < claim; claimed += bytes) {
                    descriptors.add(new Descriptor(data.address(), bytes, type == Disk.IN));
                }
                descriptors.add(new Descriptor(status.address(), 1, true));
                all.add(large.queue().add(descriptors, descriptors.size()));
            }
            large.queue().publish();
            large.queue().kick();

            // Each turn moves a few MiB at most, so that neither a reset nor another queue waits for long.
            int turns = 0;
            while (large.driver().instance().poll(1) > 0) {
                turns++;
            }
            large.queue().collect();

            for (Submitted submitted : all) {
                assertEquals(type == Disk.IN ? claim + 1 : 1, submitted.usedLength());
            }
            assertTrue(turns >= 8 * claim / bytes / 2, "turns=" + turns);
        }
    }
}
