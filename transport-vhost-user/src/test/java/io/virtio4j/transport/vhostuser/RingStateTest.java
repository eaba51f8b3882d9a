// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceStatus;
import io.virtio4j.host.linux.EventFd;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** [Ring states], and the messages about rings. */
class RingStateTest {

    /** Where a ring is after so many exchanges; a packed one took two descriptors for each, and did not wrap. */
    private static long base(RingFormat format, int exchanges) {
        int slots = 2 * exchanges | 0x8000;
        return format == RingFormat.SPLIT ? exchanges : (long) slots << 16 | slots;
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_ring_says_where_it_is_when_it_stops_and_goes_on_there(RingFormat format) {
        try (Rig rig = new Rig().connect().start(format)) {
            for (int i = 0; i < 5; i++) {
                rig.exchange(i);
            }

            long stopped = rig.port.stop(TestDevice.ECHO);
            Submitted waiting = rig.driver.queue(TestDevice.ECHO).submit(new byte[] {9}, 1);
            rig.driver.runDevice();
            assertFalse(rig.device.served.contains(9));

            rig.port.begin(TestDevice.ECHO, stopped);

            rig.driver.queue(TestDevice.ECHO).await(waiting);
            rig.exchange(10);
            assertEquals(base(format, 5), stopped);
            assertEquals(0, rig.device.resets);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_disabled_ring_does_nothing_and_goes_on_when_it_is_enabled(RingFormat format) {
        try (Rig rig = new Rig().connect().start(format)) {
            rig.exchange(1);

            rig.frontEnd.accepted(FrontEnd.SET_VRING_ENABLE, FrontEnd.u32s(TestDevice.ECHO, 0));
            Submitted waiting = rig.driver.queue(TestDevice.ECHO).submit(new byte[] {2}, 1);
            rig.driver.runDevice();
            assertEquals(List.of(1), rig.device.served);

            rig.frontEnd.accepted(FrontEnd.SET_VRING_ENABLE, FrontEnd.u32s(TestDevice.ECHO, 1));

            rig.driver.queue(TestDevice.ECHO).await(waiting);
        }
    }

    @Test
    void reset_owner_disables_all_rings() {
        try (Rig rig = new Rig().connect().start(RingFormat.SPLIT)) {
            rig.frontEnd.accepted(FrontEnd.RESET_OWNER, new byte[0]);
            Submitted waiting = rig.driver.queue(TestDevice.ECHO).submit(new byte[] {2}, 1);
            rig.driver.runDevice();
            assertEquals(List.of(), rig.device.served);

            rig.frontEnd.accepted(FrontEnd.SET_VRING_ENABLE, FrontEnd.u32s(TestDevice.ECHO, 1));

            rig.driver.queue(TestDevice.ECHO).await(waiting);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void chains_that_the_device_keeps_go_on_with_their_ring(RingFormat format) {
        try (Rig rig = new Rig().connect().start(format)) {
            Submitted first = rig.submitSlow(1);
            Submitted second = rig.submitSlow(2);
            Submitted third = rig.submitSlow(3);
            rig.device.finish(1);
            rig.driver.runDevice();

            long stopped = rig.port.stop(TestDevice.SLOW);
            assertTrue(rig.device.kept.isEmpty());
            rig.port.begin(TestDevice.SLOW, stopped);
            rig.driver.runDevice();

            assertEquals(List.of(1, 2, 3, 1, 3), rig.device.served);
            rig.device.finishAll();
            rig.driver.queue(TestDevice.SLOW).awaitAll();
            for (Submitted done : List.of(first, second, third)) {
                assertArrayEquals(done.readable(), done.written());
            }
        }
    }

    @Test
    void a_ring_that_begins_elsewhere_forgets_what_the_device_kept() {
        try (Rig rig = new Rig().connect().start(RingFormat.SPLIT)) {
            rig.submitSlow(1);
            rig.port.stop(TestDevice.SLOW);

            rig.driver.start(DriverOptions.split());
            rig.driver.runDevice();

            assertEquals(List.of(1), rig.device.served);
            assertEquals(1, rig.device.resets);
        }
    }

    @Test
    void without_protocol_features_rings_are_enabled_at_once() {
        try (Rig rig = new Rig().connect()) {
            rig.frontEnd.accepted(FrontEnd.SET_FEATURES, FrontEnd.u64(FrontEnd.F_VERSION_1));

            // NUM, ADDR and KICK are enough: the ring's memory is a part of guest memory that is all zero.
            long at = SharedRam.user(rig.ram.ram.allocate(4096, 4096).address());
            rig.frontEnd.accepted(FrontEnd.SET_VRING_NUM, FrontEnd.u32s(0, 4));
            rig.frontEnd.accepted(FrontEnd.SET_VRING_ADDR,
                    FrontEnd.addresses(0, 0, at, at + 1024, at + 2048, 0));
            rig.frontEnd.accepted(FrontEnd.SET_VRING_KICK, FrontEnd.u64(FrontEnd.NO_FD));

            assertTrue(rig.instance.isQueueEnabled(0));
            assertEquals(DeviceStatus.DRIVER_OK, rig.instance.status() & DeviceStatus.DRIVER_OK);
        }
    }

    @Test
    void a_ring_without_kick_is_polled() {
        Runner worker = Runner.onCaller();
        try (Rig rig = new Rig(worker, builder -> builder).connect()) {
            rig.driver = TestDriver.over(rig.port, rig.ram.ram, rig.errors);
            rig.driver.start(DriverOptions.split());
            rig.frontEnd.accepted(FrontEnd.SET_VRING_KICK, FrontEnd.u64(TestDevice.ECHO | FrontEnd.NO_FD));

            for (int i = 0; i < 20; i++) {
                Submitted echo = rig.driver.queue(TestDevice.ECHO).exchange(new byte[] {(byte) i}, 1);
                assertArrayEquals(echo.readable(), echo.written());
            }
        }
    }

    @Test
    void kicks_and_calls_may_be_pipes() throws IOException {
        try (Rig rig = new Rig().connect(); Pipe kick = Pipe.open(); Pipe call = Pipe.open()) {
            rig.start(RingFormat.SPLIT);
            rig.frontEnd.accepted(FrontEnd.SET_VRING_KICK, FrontEnd.u64(TestDevice.ECHO), kick.reading());
            rig.frontEnd.accepted(FrontEnd.SET_VRING_CALL, FrontEnd.u64(TestDevice.ECHO), call.writing());
            Submitted echo = rig.driver.queue(TestDevice.ECHO).submit(new byte[] {7}, 1);

            try (EventFd kicking = EventFd.ofPeer(kick.writing().dup());
                    EventFd called = EventFd.ofPeer(call.reading().dup())) {
                kicking.signal();
                rig.frontEnd.settle();
                rig.instance.poll(100);

                assertEquals(1, called.read(10_000));
            }
            rig.driver.queue(TestDevice.ECHO).collect();
            assertArrayEquals(echo.readable(), echo.written());
        }
    }

    @Test
    void an_inconsistent_ring_is_told_through_its_error_descriptor() throws IOException {
        try (Rig rig = new Rig().connect().start(RingFormat.SPLIT); EventFd error = EventFd.create()) {
            rig.frontEnd.accepted(FrontEnd.SET_VRING_ERR, FrontEnd.u64(TestDevice.ECHO), error.descriptor());
            long available = rig.instance.queueConfig(TestDevice.ECHO).driverArea();
            rig.instance.memory().write(available + 2, MemorySegment.ofArray(new byte[] {0, 0x40}));

            rig.port.notifyQueue(TestDevice.ECHO);
            rig.instance.poll(100);

            assertEquals(1, error.tryRead());
            rig.errors.check();
        }
    }

    @Test
    void a_queue_larger_than_the_device_has_is_refused() {
        try (Rig rig = new Rig().connect()) {
            rig.frontEnd.refused(FrontEnd.SET_VRING_NUM, FrontEnd.u32s(0, TestDevice.SIZE + 1));
            rig.frontEnd.refused(FrontEnd.SET_VRING_NUM, FrontEnd.u32s(0, 0));
            rig.frontEnd.accepted(FrontEnd.SET_VRING_NUM, FrontEnd.u32s(0, TestDevice.SIZE));
        }
    }

    @Test
    void a_running_ring_is_neither_resized_nor_moved() {
        try (Rig rig = new Rig().connect().start(RingFormat.SPLIT)) {
            rig.frontEnd.refused(FrontEnd.SET_VRING_NUM, FrontEnd.u32s(0, 4));
            rig.frontEnd.refused(FrontEnd.SET_VRING_BASE, FrontEnd.u32s(0, 4));
            rig.frontEnd.refused(FrontEnd.SET_VRING_ADDR, FrontEnd.addresses(0, 0, 1, 2, 3, 4));
            rig.frontEnd.refused(FrontEnd.SET_FEATURES, FrontEnd.u64(FrontEnd.F_VERSION_1));

            rig.exchange(1);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void a_chain_may_be_as_long_as_the_device_allows_whatever_size_the_front_end_chose(RingFormat format) {
        try (Rig rig = new Rig().connect()) {
            rig.driver = TestDriver.over(rig.port, rig.ram.ram, rig.errors).polling(rig.instance);
            rig.driver.reset().negotiate(DriverOptions.of(format));
            DriverQueue queue = rig.driver.setUpQueue(TestDevice.ECHO, 4);
            rig.driver.driverOk();
            long at = rig.ram.ram.allocate(64).address();
            List<Submitted.Descriptor> descriptors = new ArrayList<>();
            for (int i = 0; i < TestDevice.SIZE; i++) {
                descriptors.add(new Submitted.Descriptor(at + i, 1, i >= TestDevice.SIZE / 2));
            }

            Submitted longest = queue.add(descriptors, 0);
            queue.publish();
            queue.kick();
            queue.await(longest);

            assertEquals(TestDevice.SIZE / 2, longest.usedLength());
            assertEquals(1, rig.device.served.size());
        }
    }

    /** DPDK tells a back-end that follows another to begin at 0. */
    @Test
    void a_split_ring_goes_on_behind_what_was_used_if_its_base_is_out_of_reach() {
        try (Rig rig = new Rig().connect().start(RingFormat.SPLIT)) {
            for (int i = 0; i < 2 * TestDevice.SIZE; i++) {
                rig.exchange(i);
            }
            rig.port.stop(TestDevice.ECHO);
            Submitted waiting = rig.driver.queue(TestDevice.ECHO).submit(new byte[] {9}, 1);

            rig.port.begin(TestDevice.ECHO, 0);

            rig.driver.queue(TestDevice.ECHO).await(waiting);
            assertEquals(2 * TestDevice.SIZE + 1, rig.device.served.size());
            rig.exchange(10);
        }
    }

    @Test
    void the_base_of_a_packed_ring_may_say_the_first_half_only() {
        try (Rig rig = new Rig().connect().start(RingFormat.PACKED)) {
            rig.port.stop(TestDevice.ECHO);
            rig.port.begin(TestDevice.ECHO, 0x8000);

            for (int i = 0; i < 2 * TestDevice.SIZE; i++) {
                rig.exchange(i);
            }
        }
    }

    /** User-mode Linux gives every ring the base of a split one. */
    @Test
    void a_packed_ring_begins_with_wrap_counter_1_if_the_front_end_gives_the_base_0() {
        try (Rig rig = new Rig().connect().start(RingFormat.PACKED)) {
            rig.port.stop(TestDevice.ECHO);
            rig.port.begin(TestDevice.ECHO, 0);

            for (int i = 0; i < 2 * TestDevice.SIZE; i++) {
                rig.exchange(i);
            }
        }
    }

    @Test
    void a_packed_ring_that_has_come_round_goes_on_with_wrap_counter_0() {
        try (Rig rig = new Rig().connect().start(RingFormat.PACKED)) {
            for (int i = 0; i < TestDevice.SIZE / 2; i++) {
                rig.exchange(i);
            }

            long stopped = rig.port.stop(TestDevice.ECHO);
            rig.port.begin(TestDevice.ECHO, stopped);

            assertEquals(0, stopped);
            for (int i = 0; i < 2 * TestDevice.SIZE; i++) {
                rig.exchange(i);
            }
        }
    }
}
