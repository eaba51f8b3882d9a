// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.host.linux.ByteStream;
import io.virtio4j.host.linux.EventFd;
import io.virtio4j.host.linux.Seal;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.Submitted;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** [Migration], [Migrating back-end state] */
class MigrationTest {

    private static final int PAGE = 4096;
    private static final int SAVE = 0;
    private static final int LOAD = 1;
    private static final long NO_DESCRIPTOR = 1 << 8;

    // ── The log ────────────────────────────────────────────────────────────

    private static boolean isDirty(SharedRam log, long address) {
        long page = address / PAGE;
        return (log.segment().get(JAVA_BYTE, page / 8) >>> page % 8 & 1) != 0;
    }

    private static void log(Rig rig, SharedRam log) {
        rig.frontEnd.call(FrontEnd.SET_LOG_BASE, FrontEnd.payload(16).putLong(PAGE).putLong(0).array(),
                log.descriptor());
    }

    private static void logAll(Rig rig, boolean on) {
        long features = rig.driver.negotiated().low() | FrontEnd.F_PROTOCOL_FEATURES;
        rig.frontEnd.accepted(FrontEnd.SET_FEATURES, FrontEnd.u64(features | (on ? FrontEnd.F_LOG_ALL : 0)));
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void writes_to_buffers_and_rings_are_logged_while_it_is_wanted(RingFormat format) {
        try (Rig rig = new Rig().connect().start(format); SharedRam log = new SharedRam(PAGE, Seal.SHRINK)) {
            log(rig, log);
            rig.exchange(1);
            assertEquals(-1, log.segment().mismatch(Arena.ofAuto().allocate(PAGE)));

            logAll(rig, true);
            Submitted echo = rig.driver.queue(TestDevice.ECHO).exchange(new byte[] {1}, 1);
            assertArrayEquals(echo.readable(), echo.written());
            assertTrue(isDirty(log, rig.driver.queue(TestDevice.ECHO).deviceArea().address()));
            assertTrue(isDirty(log, format == RingFormat.PACKED
                    ? rig.driver.queue(TestDevice.ECHO).descriptorArea().address()
                    : rig.driver.queue(TestDevice.ECHO).deviceArea().address()));
            assertFalse(isDirty(log, GuestRam.BASE + SharedRam.SIZE - 1));

            logAll(rig, false);
            log.segment().fill((byte) 0);
            rig.exchange(2);
            assertEquals(-1, log.segment().mismatch(Arena.ofAuto().allocate(PAGE)));
        }
    }

    @Test
    void a_used_ring_is_logged_at_the_address_that_the_front_end_names() throws IOException {
        try (Rig rig = new Rig().connect().start(RingFormat.SPLIT); SharedRam log = new SharedRam(PAGE, Seal.SHRINK);
                EventFd event = EventFd.create()) {
            long elsewhere = 17 * PAGE;
            log(rig, log);
            rig.frontEnd.accepted(FrontEnd.SET_LOG_FD, new byte[0], event.descriptor());
            logAll(rig, true);
            rig.exchange(1);
            assertFalse(isDirty(log, elsewhere));
            assertNotEquals(0, event.tryRead());

            rig.frontEnd.accepted(FrontEnd.SET_VRING_ADDR, rig.port.addressesOf(TestDevice.ECHO, 1, elsewhere));
            rig.exchange(2);

            assertTrue(isDirty(log, elsewhere));
            assertNotEquals(0, event.tryRead());
            rig.exchange(3);
            assertEquals(0, event.tryRead());
        }
    }

    @Test
    void another_log_takes_over() {
        try (Rig rig = new Rig().connect().start(RingFormat.SPLIT); SharedRam first = new SharedRam(PAGE, Seal.SHRINK);
                SharedRam second = new SharedRam(PAGE, Seal.SHRINK)) {
            log(rig, first);
            logAll(rig, true);
            rig.exchange(1);
            first.segment().fill((byte) 0);

            log(rig, second);
            rig.exchange(2);

            assertEquals(-1, first.segment().mismatch(Arena.ofAuto().allocate(PAGE)));
            assertTrue(isDirty(second, rig.driver.queue(TestDevice.ECHO).deviceArea().address()));
        }
    }

    // ── The device's state ─────────────────────────────────────────────────

    private static byte[] save(Rig rig) throws IOException {
        try (Pipe pipe = Pipe.open()) {
            assertEquals(NO_DESCRIPTOR, rig.frontEnd.call(FrontEnd.SET_DEVICE_STATE_FD,
                    FrontEnd.u32s(SAVE, 0), pipe.writing()).buffer().getLong());
            pipe.writing().close();
            byte[] state = readAll(pipe);
            assertEquals(0, rig.frontEnd.get(FrontEnd.CHECK_DEVICE_STATE));
            return state;
        }
    }

    private static byte[] readAll(Pipe pipe) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        try (Arena arena = Arena.ofConfined(); ByteStream stream = ByteStream.of(pipe.reading().dup())) {
            MemorySegment chunk = arena.allocate(100);
            for (int n = stream.read(chunk, 10_000); n >= 0; n = stream.read(chunk, 10_000)) {
                all.writeBytes(chunk.asSlice(0, n).toArray(JAVA_BYTE));
            }
        }
        return all.toByteArray();
    }

    private static long load(Rig rig, byte[] state) throws IOException {
        try (Pipe pipe = Pipe.open()) {
            assertEquals(NO_DESCRIPTOR, rig.frontEnd.call(FrontEnd.SET_DEVICE_STATE_FD,
                    FrontEnd.u32s(LOAD, 0), pipe.reading()).buffer().getLong());
            try (Arena arena = Arena.ofConfined(); ByteStream stream = ByteStream.of(pipe.writing().dup())) {
                MemorySegment bytes = arena.allocate(Math.max(1, state.length));
                MemorySegment.copy(state, 0, bytes, JAVA_BYTE, 0, state.length);
                stream.write(bytes.asSlice(0, state.length), 10_000);
            }
            pipe.writing().close();
            return rig.frontEnd.get(FrontEnd.CHECK_DEVICE_STATE);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_device_arrives_with_its_state_and_the_chains_that_it_kept(RingFormat format) throws IOException {
        try (Rig source = new Rig().connect().start(format)) {
            source.device.state = 0x1234_5678;
            source.driver.port().writeConfig(TestDevice.WRITABLE, 2, 0xABCD);
            source.submitSlow(1);
            source.submitSlow(2);
            source.exchange(3);
            source.device.finish(0);
            source.driver.runDevice();
            source.port.stop(TestDevice.ECHO);
            long base = source.port.stop(TestDevice.SLOW);
            byte[] state = save(source);

            // The same back-end as its own destination: reset in between, as by another front-end.
            source.frontEnd.accepted(FrontEnd.RESET_DEVICE, new byte[0]);
            assertEquals(0, source.device.state);
            assertEquals(0, load(source, state));

            assertEquals(0x1234_5678, source.device.state);
            source.frontEnd.accepted(FrontEnd.SET_FEATURES, FrontEnd.u64(
                    source.driver.negotiated().low() | FrontEnd.F_PROTOCOL_FEATURES));
            source.port.begin(TestDevice.SLOW, base);
            source.driver.runDevice();
            assertEquals(List.of(1, 2, 3, 2), source.device.served);
            assertEquals(0xABCD, source.driver.port().readConfig(TestDevice.WRITABLE, 2));
            source.device.finishAll();
            source.driver.queue(TestDevice.SLOW).awaitAll();
        }
    }

    @Test
    void state_that_does_not_fit_is_told_by_the_check_and_changes_nothing() throws IOException {
        try (Rig rig = new Rig().connect().start(RingFormat.SPLIT)) {
            rig.device.state = 5;
            assertEquals(1 | NO_DESCRIPTOR, refusedTransfer(rig, SAVE, 0));
            rig.port.stop(TestDevice.ECHO);
            rig.port.stop(TestDevice.SLOW);
            byte[] state = save(rig);

            assertEquals(1, rig.frontEnd.get(FrontEnd.CHECK_DEVICE_STATE));
            assertEquals(1 | NO_DESCRIPTOR, refusedTransfer(rig, 2, 0));
            assertEquals(1 | NO_DESCRIPTOR, refusedTransfer(rig, SAVE, 1));
            for (int cut = 0; cut < state.length; cut += 7) {
                assertEquals(1, load(rig, Arrays.copyOf(state, cut)));
            }
            state[20] ^= 0x40;
            assertEquals(1, load(rig, state));
            state[20] ^= 0x40;
            assertEquals(0, load(rig, state));
            assertEquals(5, rig.device.state);
        }
    }

    private static long refusedTransfer(Rig rig, int direction, int phase) throws IOException {
        try (Pipe pipe = Pipe.open()) {
            return rig.frontEnd.call(FrontEnd.SET_DEVICE_STATE_FD, FrontEnd.u32s(direction, phase),
                    pipe.writing()).buffer().getLong();
        }
    }

    // ── Status 0 of a machine that is only stopped ─────────────────────────

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_front_end_that_writes_status_0_and_goes_on_keeps_the_devices_state(RingFormat format) {
        try (Rig rig = new Rig().connect(new ProtocolFeature[0]).start(format)) {
            rig.device.state = 7;
            rig.exchange(1);
            rig.submitSlow(2);
            long features = rig.driver.negotiated().low() | FrontEnd.F_PROTOCOL_FEATURES;
            long echo = rig.port.stop(TestDevice.ECHO);
            long slow = rig.port.stop(TestDevice.SLOW);
            rig.frontEnd.accepted(FrontEnd.SET_STATUS, FrontEnd.u64(0));
            assertEquals(0, rig.device.state);
            assertEquals(1, rig.device.resets);

            rig.frontEnd.accepted(FrontEnd.SET_FEATURES, FrontEnd.u64(features));
            rig.frontEnd.accepted(FrontEnd.SET_STATUS, FrontEnd.u64(8));
            rig.port.begin(TestDevice.ECHO, echo);
            rig.port.begin(TestDevice.SLOW, slow);
            rig.frontEnd.accepted(FrontEnd.SET_STATUS, FrontEnd.u64(15));

            assertEquals(7, rig.device.state);
            rig.exchange(3);
            assertEquals(List.of(1, 2, 3, 2), rig.device.served);
            rig.device.finishAll();
            rig.driver.queue(TestDevice.SLOW).awaitAll();
        }
    }

    @Test
    void a_driver_that_begins_anew_finds_a_device_that_was_reset() {
        try (Rig rig = new Rig().connect(new ProtocolFeature[0]).start(RingFormat.SPLIT)) {
            rig.device.state = 7;
            rig.exchange(1);
            rig.port.stop(TestDevice.ECHO);
            rig.port.stop(TestDevice.SLOW);

            rig.start(RingFormat.SPLIT).exchange(2);

            assertEquals(0, rig.device.state);
        }
    }
}
