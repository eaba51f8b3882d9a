// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.DirtyLog;
import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.host.linux.EventFd;
import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.LinuxFile;
import io.virtio4j.host.linux.Seal;
import io.virtio4j.host.linux.UnixSocket;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Front-ends that break the protocol: disconnected, with everything given back, and the next one is served. */
class HostileFrontEndTest {

    private static final long PAGE = 4096;

    private final OpenDescriptors before = OpenDescriptors.now();

    /** What a disconnected front-end leaves: nothing, and a server that serves the next one. */
    private void nextIsServed(Rig rig) {
        rig.connect().start(RingFormat.SPLIT);
        rig.exchange(1);
    }

    // ── VU-1 ───────────────────────────────────────────────────────────────

    @Test
    @HostileCase("VU-1")
    void a_message_that_stops_in_the_middle_ends_the_connection() {
        byte[] whole = FrontEnd.message(FrontEnd.SET_FEATURES, FrontEnd.VERSION, new byte[8]);
        try (Rig rig = new Rig(Runner.manual(), builder -> builder.patience(Duration.ofMillis(30)))) {
            for (int length = 1; length < whole.length; length++) {
                try (FrontEnd cut = FrontEnd.connect(rig.server)) {
                    cut.raw(Arrays.copyOf(whole, length));
                    if (length % 2 == 0) {
                        cut.awaitDisconnected(); // the rest does not come in time
                    }
                }
            }
            nextIsServed(rig);
        }
        HostileCases.count("VU-1", whole.length - 2);
    }

    // ── VU-2 ───────────────────────────────────────────────────────────────

    @Test
    @HostileCase("VU-2")
    void descriptors_where_none_belong_end_the_connection_and_are_closed() throws IOException {
        int cases = 0;
        try (Rig rig = new Rig(); EventFd event = EventFd.create()) {
            for (Request request : Request.values()) {
                int many = request.mostDescriptors + 1;
                FileDescriptor[] along = Stream.generate(event::descriptor).limit(many)
                        .toArray(FileDescriptor[]::new);
                byte[] payload = new byte[request.payload == Request.VARIABLE ? 24 : request.payload];
                try (FrontEnd frontEnd = FrontEnd.connect(rig.server)) {
                    frontEnd.send(request.number, payload, along);
                    frontEnd.awaitDisconnected();
                }
                cases++;
            }
            nextIsServed(rig);
        }
        before.awaitAgain();
        HostileCases.count("VU-2", cases - 1);
    }

    @Test
    @HostileCase("VU-2")
    void refused_messages_with_descriptors_leave_none_behind() throws IOException {
        int rounds = 3000;
        try (Rig rig = new Rig().connect(); EventFd event = EventFd.create()) {
            rig.frontEnd.refused(FrontEnd.SET_OWNER, new byte[0], event.descriptor());
            OpenDescriptors once = OpenDescriptors.now();
            for (int i = 0; i < rounds; i++) {
                int request = i % 3 == 0 ? FrontEnd.SET_OWNER : i % 3 == 1 ? FrontEnd.SET_VRING_KICK : 200;
                rig.frontEnd.refused(request, request == FrontEnd.SET_VRING_KICK ? FrontEnd.u64(77) : new byte[0],
                        event.descriptor(), event.descriptor());
            }
            assertEquals(once, OpenDescriptors.now());
        }
        HostileCases.count("VU-2", rounds - 1);
    }

    @Test
    @HostileCase("VU-2")
    void more_descriptors_than_any_message_takes_end_the_connection() throws IOException {
        try (Rig rig = new Rig(); EventFd event = EventFd.create()) {
            FileDescriptor[] along = Stream.generate(event::descriptor).limit(100).toArray(FileDescriptor[]::new);
            try (FrontEnd frontEnd = FrontEnd.connect(rig.server)) {
                frontEnd.send(FrontEnd.SET_MEM_TABLE, FrontEnd.table(0), along);
                frontEnd.awaitDisconnected();
            }
            nextIsServed(rig);
        }
        before.awaitAgain();
    }

    @Test
    @HostileCase("VU-2")
    void descriptors_of_another_kind_are_refused_and_closed() throws IOException {
        try (Rig rig = new Rig().connect(); SharedRam file = new SharedRam(); EventFd event = EventFd.create()) {
            rig.frontEnd.refused(FrontEnd.SET_VRING_KICK, FrontEnd.u64(0), file.descriptor());
            rig.frontEnd.refused(FrontEnd.SET_VRING_CALL, FrontEnd.u64(0), file.descriptor());
            rig.frontEnd.refused(FrontEnd.SET_VRING_ERR, FrontEnd.u64(0), file.descriptor());
            rig.frontEnd.refused(FrontEnd.SET_LOG_FD, new byte[0], file.descriptor());
            rig.frontEnd.refused(FrontEnd.SET_BACKEND_REQ_FD, new byte[0], event.descriptor());
            rig.frontEnd.refused(FrontEnd.SET_MEM_TABLE, FrontEnd.table(1, rig.ram.region()), event.descriptor());
            assertEquals(0x101, rig.frontEnd.call(FrontEnd.SET_DEVICE_STATE_FD, FrontEnd.u32s(0, 0),
                    file.descriptor()).buffer().getLong());
            rig.start(RingFormat.SPLIT).exchange(1);
        }
        HostileCases.count("VU-2", 6);
    }

    // ── VU-3 ───────────────────────────────────────────────────────────────

    @Test
    @HostileCase("VU-3")
    void repeated_messages_replace_what_came_before() throws IOException {
        int rounds = 300;
        try (Rig rig = new Rig().connect(); SharedRam log = new SharedRam(PAGE, Seal.SHRINK);
                EventFd event = EventFd.create()) {
            repeat(rig, log, event);
            OpenDescriptors once = OpenDescriptors.now();
            for (int i = 1; i < rounds; i++) {
                repeat(rig, log, event);
            }
            assertEquals(once, OpenDescriptors.now());
            rig.start(RingFormat.PACKED).exchange(1);
        }
        HostileCases.count("VU-3", 8L * rounds - 1);
    }

    private static void repeat(Rig rig, SharedRam log, EventFd event) {
        rig.ram.tell(rig.frontEnd);
        rig.frontEnd.accepted(FrontEnd.SET_VRING_NUM, FrontEnd.u32s(0, 8));
        rig.frontEnd.accepted(FrontEnd.SET_VRING_KICK, FrontEnd.u64(0), event.descriptor());
        rig.frontEnd.accepted(FrontEnd.SET_VRING_CALL, FrontEnd.u64(0), event.descriptor());
        rig.frontEnd.accepted(FrontEnd.SET_VRING_ERR, FrontEnd.u64(0), event.descriptor());
        rig.frontEnd.accepted(FrontEnd.SET_LOG_FD, new byte[0], event.descriptor());
        rig.frontEnd.call(FrontEnd.SET_LOG_BASE, FrontEnd.payload(16).putLong(PAGE).putLong(0).array(),
                log.descriptor());
        FrontEnd.Reply region = rig.frontEnd.call(FrontEnd.GET_INFLIGHT_FD, FrontEnd.inflight(0, 0, 2, 16));
        try (FileDescriptor descriptor = region.descriptor()) {
            rig.frontEnd.accepted(FrontEnd.SET_INFLIGHT_FD, region.payload(), descriptor);
        }
    }

    // ── VU-5 ───────────────────────────────────────────────────────────────

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("VU-5")
    void an_inflight_region_that_does_not_fit_is_refused(RingFormat format) throws IOException {
        int cases = 0;
        try (Rig rig = new Rig().connect(); SharedRam file = new SharedRam(PAGE, Seal.SHRINK);
                SharedRam unsealed = new SharedRam(PAGE)) {
            long[][] descriptions = {
                // size, offset, queues, queue size
                {PAGE, 0, 0, 16}, {PAGE, 0, 3, 16}, {PAGE, 0, 0xFFFF, 16}, {PAGE, 0, 2, 0}, {PAGE, 0, 2, 0xFFFF},
                {0, 0, 2, 16}, {100, 0, 2, 16}, {-1, 0, 2, 16}, {PAGE, PAGE, 2, 16}, {PAGE, -8, 2, 16},
                {PAGE, 4, 2, 16}, {Long.MAX_VALUE, 0, 2, 16}, {2 * PAGE, 0, 2, 16},
                {PAGE, Long.MAX_VALUE - 7, 2, 16},
            };
            for (long[] one : descriptions) {
                rig.frontEnd.refused(FrontEnd.SET_INFLIGHT_FD,
                        FrontEnd.inflight(one[0], one[1], (int) one[2], (int) one[3]), file.descriptor());
                cases++;
            }
            rig.frontEnd.refused(FrontEnd.SET_INFLIGHT_FD, FrontEnd.inflight(PAGE, 0, 2, 16));
            rig.frontEnd.refused(FrontEnd.SET_INFLIGHT_FD, FrontEnd.inflight(PAGE, 0, 2, 16),
                    unsealed.descriptor());
            rig.start(format).exchange(1);
            rig.frontEnd.refused(FrontEnd.SET_INFLIGHT_FD, FrontEnd.inflight(PAGE, 0, 2, 16), file.descriptor());
            rig.exchange(2);
        }
        HostileCases.count("VU-5", cases + 2);
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("VU-5")
    void a_ring_with_a_forged_region_does_not_start(RingFormat format) {
        try (Rig rig = new Rig().connect().start(format); SharedRam file = new SharedRam(PAGE, Seal.SHRINK)) {
            long base = rig.port.stop(TestDevice.ECHO);
            rig.port.stop(TestDevice.SLOW);
            file.segment().fill((byte) 0xFF);
            rig.frontEnd.accepted(FrontEnd.SET_INFLIGHT_FD, FrontEnd.inflight(PAGE, 0, 2, 16), file.descriptor());

            rig.frontEnd.accepted(FrontEnd.SET_VRING_BASE, FrontEnd.u32s(0, base));
            rig.frontEnd.refused(FrontEnd.SET_VRING_KICK, FrontEnd.u64(0), rig.port.kick(0).descriptor());

            assertTrue(rig.device.served.isEmpty());
        }
    }

    // ── VU-6 ───────────────────────────────────────────────────────────────

    @Test
    @HostileCase("VU-6")
    void a_log_that_is_too_small_or_overflows_ends_the_connection() throws IOException {
        long enough = (GuestRam.BASE + SharedRam.SIZE) / PAGE / 8;
        long[][] logs = {
            {0, 0}, {enough - 8, 0}, {8, 0}, {-1, 0}, {Long.MAX_VALUE, 0}, {Long.MIN_VALUE, 0}, {enough, -8},
            {enough, Long.MAX_VALUE - 7}, {enough, Long.MAX_VALUE - enough + 1}, {PAGE, PAGE}, {2 * PAGE, 0},
            {enough, PAGE - enough + 8}, {enough, 1}, {enough + 1, 0}, {1L << 40, 0},
        };
        try (Rig rig = new Rig(); SharedRam file = new SharedRam(PAGE, Seal.SHRINK);
                SharedRam unsealed = new SharedRam(PAGE)) {
            for (long[] log : logs) {
                rig.connect();
                rig.frontEnd.send(FrontEnd.SET_LOG_BASE,
                        FrontEnd.payload(16).putLong(log[0]).putLong(log[1]).array(), file.descriptor());
                rig.frontEnd.awaitDisconnected();
            }
            rig.connect().frontEnd.refused(FrontEnd.SET_LOG_BASE,
                    FrontEnd.payload(16).putLong(PAGE).putLong(0).array(), unsealed.descriptor());
            rig.start(RingFormat.SPLIT).exchange(1);
        }
        HostileCases.count("VU-6", logs.length);
    }

    @Test
    @HostileCase("VU-6")
    void a_write_beyond_the_log_is_not_logged_and_nothing_else_is_touched() throws IOException {
        try (Rig rig = new Rig().connect(); SharedRam file = new SharedRam(PAGE, Seal.SHRINK);
                SharedRam far = new SharedRam()) {
            // The log covers the memory of now; then more comes, far beyond it.
            rig.frontEnd.call(FrontEnd.SET_LOG_BASE, FrontEnd.payload(16).putLong(96).putLong(64).array(),
                    file.descriptor());
            long guest = 1L << 40;
            rig.frontEnd.accepted(FrontEnd.ADD_MEM_REG, FrontEnd.single(
                    FrontEnd.region(guest, SharedRam.SIZE, SharedRam.USER + (1L << 30), 0)), far.descriptor());
            rig.frontEnd.accepted(FrontEnd.SET_FEATURES, FrontEnd.u64(
                    FrontEnd.F_VERSION_1 | FrontEnd.F_PROTOCOL_FEATURES | FrontEnd.F_LOG_ALL));
            DirtyLog log = rig.instance.memory().current().dirtyLog();

            for (long address : new long[] {guest, 160 * 8 * PAGE, -1, Long.MIN_VALUE, Long.MAX_VALUE}) {
                log.mark(address, 1);
            }
            log.mark(96 * 8 * PAGE, 1 << 20);
            log.mark(96 * 8 * PAGE - 1, Integer.MAX_VALUE);

            byte[] bytes = file.segment().toArray(JAVA_BYTE);
            for (int i = 0; i < bytes.length; i++) {
                assertEquals(i == 64 + 95 ? (byte) 0x80 : 0, bytes[i], "byte=" + i);
            }
        }
        HostileCases.count("VU-6", 6);
    }

    // ── VU-7 ───────────────────────────────────────────────────────────────

    @Test
    @HostileCase("VU-7")
    void bad_memory_regions_are_refused_and_the_table_stays() throws IOException {
        long user = SharedRam.USER + (1L << 32);
        long size = SharedRam.SIZE;
        long[][] regions = {
            // guest, size, user, offset
            {1L << 30, 0, user, 0}, {1L << 30, -1, user, 0}, {1L << 30, Long.MIN_VALUE, user, 0},
            {-PAGE, 2 * PAGE, user, 0}, {1L << 30, 2 * PAGE, -PAGE, 0}, {1L << 30, size + 1, user, 0},
            {1L << 30, size, user, 1}, {1L << 30, size, user, -PAGE}, {1L << 30, PAGE, user, Long.MAX_VALUE},
            {1L << 30, 1L << 60, user, 0}, {GuestRam.BASE, PAGE, user, 0}, {GuestRam.BASE + size - 1, PAGE, user, 0},
            {1L << 30, PAGE, SharedRam.USER, 0}, {1L << 30, PAGE, SharedRam.USER + size - 1, 0},
            {GuestRam.BASE - PAGE, size + 2 * PAGE, user, 0}, {1L << 30, size, user, Long.MAX_VALUE - size + 1},
        };
        try (Rig rig = new Rig().connect().start(RingFormat.SPLIT); SharedRam file = new SharedRam();
                EventFd event = EventFd.create(); SharedRam unsealed = new SharedRam(size)) {
            List<MemoryRegion> table = rig.instance.memory().current().regions();
            for (long[] one : regions) {
                byte[] region = FrontEnd.region(one[0], one[1], one[2], one[3]);
                rig.frontEnd.refused(FrontEnd.ADD_MEM_REG, FrontEnd.single(region), file.descriptor());
                rig.frontEnd.refused(FrontEnd.SET_MEM_TABLE, FrontEnd.table(2, rig.ram.region(), region),
                        rig.ram.descriptor(), file.descriptor());
            }
            byte[] good = FrontEnd.region(1L << 30, PAGE, user, 0);
            rig.frontEnd.refused(FrontEnd.ADD_MEM_REG, FrontEnd.single(good), event.descriptor());
            rig.frontEnd.refused(FrontEnd.ADD_MEM_REG, FrontEnd.single(good), unsealed.descriptor());
            rig.frontEnd.refused(FrontEnd.ADD_MEM_REG, FrontEnd.single(good));
            rig.frontEnd.refused(FrontEnd.REM_MEM_REG, FrontEnd.single(good));
            rig.frontEnd.refused(FrontEnd.SET_MEM_TABLE, FrontEnd.table(2, good), file.descriptor());
            rig.frontEnd.refused(FrontEnd.SET_MEM_TABLE, FrontEnd.table(1, good));
            rig.frontEnd.refused(FrontEnd.SET_MEM_TABLE, FrontEnd.table(-1, good), file.descriptor());

            assertEquals(table, rig.instance.memory().current().regions());
            rig.exchange(1);
        }
        HostileCases.count("VU-7", 2L * regions.length + 6);
    }

    @Test
    @HostileCase("VU-7")
    void there_are_no_more_regions_than_slots() throws IOException {
        try (Rig rig = new Rig().connect(); SharedRam file = new SharedRam()) {
            long slots = rig.frontEnd.get(FrontEnd.GET_MAX_MEM_SLOTS);
            for (int i = 1; i <= slots; i++) {
                byte[] region = FrontEnd.single(FrontEnd.region(
                        (1L << 30) + i * PAGE, PAGE, SharedRam.USER + (1L << 32) + i * PAGE, 0));
                boolean last = i == slots; // the first was there before
                if (last) {
                    rig.frontEnd.refused(FrontEnd.ADD_MEM_REG, region, file.descriptor());
                } else {
                    rig.frontEnd.accepted(FrontEnd.ADD_MEM_REG, region, file.descriptor());
                }
            }
            assertEquals(slots, rig.instance.memory().current().regions().size());
        }
    }

    @Test
    @HostileCase("VU-7")
    void a_file_that_can_be_truncated_is_mapped_only_if_the_front_end_is_trusted() throws IOException {
        try (Rig rig = new Rig(Runner.manual(), VhostUserServerBuilder::trustMemory).connect();
                LinuxFile file = LinuxFile.memory("vhost-user-test", PAGE)) {
            byte[] region = FrontEnd.single(FrontEnd.region(1L << 30, PAGE, SharedRam.USER + (1L << 32), 0));

            rig.frontEnd.accepted(FrontEnd.ADD_MEM_REG, region, file.descriptor());
            rig.frontEnd.accepted(FrontEnd.REM_MEM_REG, region);
        }
    }

    // ── VU-9 ───────────────────────────────────────────────────────────────

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("VU-9")
    void a_front_end_that_leaves_in_the_middle_of_io_leaves_nothing(RingFormat format) {
        try (Rig rig = new Rig()) {
            for (int round = 0; round < 20; round++) {
                rig.connect().start(format);
                rig.submitSlow(1);
                rig.driver.queue(TestDevice.ECHO).submit(new byte[] {1}, 1);
                rig.frontEnd.close();
                assertEquals(List.of(), rig.instance.memory().current().regions());
                assertEquals(0, rig.instance.status());
            }
            nextIsServed(rig);
        }
        HostileCases.count("VU-9", 19);
    }

    @Test
    @HostileCase("VU-9")
    void a_second_front_end_waits_for_the_first() {
        try (Rig rig = new Rig().connect().start(RingFormat.SPLIT); FrontEnd second = FrontEnd.connect(rig.server)) {
            second.send(FrontEnd.GET_QUEUE_NUM, new byte[0]);
            rig.exchange(1);
            rig.frontEnd.close();

            assertEquals(TestDevice.QUEUES, second.receive().buffer().getLong());
        }
    }

    @Test
    @HostileCase("VU-9")
    void a_front_end_that_does_not_read_replies_is_disconnected() {
        try (Rig rig = new Rig(Runner.manual(), builder -> builder.patience(Duration.ofMillis(50)));
                FrontEnd deaf = FrontEnd.connect(rig.server)) {
            byte[] question = FrontEnd.message(FrontEnd.GET_FEATURES, FrontEnd.VERSION, new byte[0]);
            boolean gone = false;
            for (int i = 0; i < 100_000 && !gone; i++) {
                try {
                    deaf.raw(question);
                } catch (AssertionError hungUp) {
                    gone = true;
                }
            }
            assertTrue(gone);
            nextIsServed(rig);
        }
    }

    @Test
    @HostileCase("VU-9")
    void a_front_end_that_does_not_read_the_back_ends_messages_holds_nobody_up() throws IOException {
        List<UnixSocket> open = new ArrayList<>();
        try (Rig rig = new Rig().connect().start(RingFormat.SPLIT)) {
            UnixSocket[] pair = UnixSocket.pair();
            open.addAll(List.of(pair));
            rig.frontEnd.accepted(FrontEnd.SET_BACKEND_REQ_FD, new byte[0], pair[1].descriptor());
            for (int i = 0; i < 5000; i++) {
                byte value = (byte) i;
                rig.device.config.update(bytes -> bytes.set(JAVA_BYTE, 0, value));
                if (i % 10 == 0) {
                    rig.frontEnd.get(FrontEnd.GET_QUEUE_NUM);
                }
            }
            rig.exchange(3);
            open.forEach(UnixSocket::close);
            rig.device.config.update(bytes -> { });
            rig.exchange(4);
        }
    }
}
