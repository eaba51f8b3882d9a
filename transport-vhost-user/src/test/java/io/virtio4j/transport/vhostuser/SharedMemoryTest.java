// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.MemoryFile;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.SharedMemory;
import io.virtio4j.testkit.Submitted;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The front-end maps the device's shared memory, or does not. [VHOST_USER_BACKEND_SHMEM_MAP] */
class SharedMemoryTest extends SharedMemoryFixture {

    // ── What is offered ────────────────────────────────────────────────────

    private static boolean isOffered(Rig rig, ProtocolFeature feature) {
        try (FrontEnd frontEnd = FrontEnd.connect(rig.server)) {
            return (frontEnd.get(FrontEnd.GET_PROTOCOL_FEATURES) & feature.mask()) != 0;
        }
    }

    /** QEMU cannot take back as a slot what it had mapped. */
    @Test
    void it_is_offered_in_place_of_memory_slots() {
        try (Rig rig = rig(LONG, large)) {
            assertTrue(isOffered(rig, ProtocolFeature.SHMEM));
            assertFalse(isOffered(rig, ProtocolFeature.CONFIGURE_MEM_SLOTS));
        }
    }

    @Test
    void without_a_file_nobody_is_told_of_shared_memory() {
        try (Rig rig = new Rig(Runner.manual(), builder -> builder, small)) {
            assertFalse(isOffered(rig, ProtocolFeature.SHMEM));
            assertTrue(isOffered(rig, ProtocolFeature.CONFIGURE_MEM_SLOTS));
            rig.connect().start(RingFormat.SPLIT).exchange(1);
            assertNull(rig.port.sharedMemory(SMALL_ID));
        }
    }

    @Test
    void it_can_be_withheld() {
        try (Rig rig = rig(builder -> builder.withhold(ProtocolFeature.SHMEM), small)) {
            assertFalse(isOffered(rig, ProtocolFeature.SHMEM));
            rig.connect().start(RingFormat.SPLIT).exchange(1);
        }
    }

    @Test
    void the_front_end_is_told_how_large_regions_are() {
        try (Rig rig = rig(LONG, small, large).connect()) {
            FrontEnd.Reply reply = rig.frontEnd.call(FrontEnd.GET_SHMEM_CONFIG, new byte[0]);

            assertEquals(8 + 256 * 8, reply.payload().length);
            assertEquals(2, reply.buffer().getLong(0));
            for (int id = 0; id < 256; id++) {
                SharedMemory found = rig.port.sharedMemory(id);
                long length = id == SMALL_ID ? PAGE : id == LARGE_ID ? 3 * PAGE : 0;
                assertEquals(length, reply.buffer().getLong(8 + 8 * id));
                assertEquals(length, found == null ? 0 : found.length());
            }
        }
    }

    @Test
    void what_cannot_be_mapped_is_refused_when_the_server_is_made() {
        MemorySegment elsewhere = Arena.ofAuto().allocate(PAGE, PAGE);
        refused("id=7", builder -> builder.sharedMemory(file), small, new SharedMemoryRegion(7, elsewhere));
        refused("position=8193", builder -> builder.sharedMemory(file),
                new SharedMemoryRegion(7, file.segment().asSlice(2 * PAGE + 1, PAGE)));
        refused("length=4095", builder -> builder.sharedMemory(file),
                new SharedMemoryRegion(7, file.segment().asSlice(2 * PAGE, PAGE - 1)));
        refused("holds no shared memory", builder -> builder.sharedMemory(file));
        refused("holds no shared memory", builder -> builder.sharedMemory(file).sharedMemory(create(PAGE)), small);
    }

    private static void refused(String why, Consumer<VhostUserServerBuilder> choices, SharedMemoryRegion... regions) {
        try (DeviceInstance instance = DeviceInstance.of(new TestDevice(regions)).build()) {
            VhostUserServerBuilder builder = VhostUserServer.of(instance);
            choices.accept(builder);
            String message = assertThrows(IllegalArgumentException.class, builder::build).getMessage();
            assertTrue(message.contains(why), message);
        }
    }

    // ── Mapping ────────────────────────────────────────────────────────────

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void driver_and_device_see_the_same_bytes(RingFormat format) {
        MemoryFile other = create(2 * PAGE);
        SharedMemoryRegion third = new SharedMemoryRegion(0, other.segment());
        try (Rig rig = rig(builder -> builder.sharedMemory(other), small, large, third)) {
            rig.connect().start(format).exchange(1);

            assertShared(small, rig.port.mapped(SMALL_ID));
            assertShared(large, rig.port.mapped(LARGE_ID));
            assertShared(third, rig.port.mapped(0));
            assertNull(rig.port.mapped(1));
        }
    }

    @Test
    void a_front_end_that_passes_status_on_maps_too() {
        try (Rig rig = rig(LONG, large).connect(new ProtocolFeature[0]).start(RingFormat.PACKED)) {
            rig.exchange(1);
            assertShared(large, rig.port.mapped(LARGE_ID));
        }
    }

    @Test
    void nothing_is_sent_before_the_first_ring_starts_and_none_runs_before_all_is_mapped() {
        try (Rig rig = rig(LONG, small, large).connect()) {
            BackEndMessages messages = answering(rig);
            rig.frontEnd.settle();
            assertFalse(messages.awaitMessage(0));
            rig.start(RingFormat.SPLIT);

            Submitted waiting = rig.driver.queue(TestDevice.ECHO).submit(new byte[] {1}, 1);
            for (int id : new int[] {SMALL_ID, LARGE_ID}) {
                BackEndMessages.Sent sent = map(messages, id);
                rig.frontEnd.settle();
                rig.driver.runDevice();
                assertEquals(List.of(), rig.device.served);
                messages.serve(sent);
            }

            rig.driver.queue(TestDevice.ECHO).await(waiting);
            assertFalse(messages.awaitMessage(0));
            assertShared(large, messages.memory(LARGE_ID));
        }
    }

    /** As QEMU does: what was mapped gets an address when the driver has given it one, and is memory then. */
    @Test
    void the_front_end_may_add_it_to_the_guests_memory() {
        try (Rig rig = rig(LONG, large).connect().start(RingFormat.SPLIT)) {
            long guest = GuestRam.BASE + (1L << 30);
            byte[] region = FrontEnd.region(guest, large.length(), SharedRam.USER + (1L << 30), 4 * PAGE);
            rig.frontEnd.accepted(FrontEnd.SET_MEM_TABLE, FrontEnd.table(2, rig.ram.region(), region),
                    rig.ram.descriptor(), file.descriptor());
            rig.exchange(1);
            large.segment().set(JAVA_BYTE, 5, (byte) 0x77);
            byte[] read = new byte[1];
            rig.instance.memory().read(guest + 5, MemorySegment.ofArray(read));
            assertEquals(0x77, read[0]);
            rig.ram.tell(rig.frontEnd);
            rig.exchange(2);
        }
    }

    // ── Again ──────────────────────────────────────────────────────────────

    @Test
    void a_driver_that_resets_the_device_finds_it_again() {
        try (Rig rig = rig(LONG, large).connect().start(RingFormat.SPLIT)) {
            for (int i = 1; i < 5; i++) {
                rig.exchange(i);
                rig.frontEnd.settle();
                rig.port.stop(TestDevice.ECHO);
                rig.port.stop(TestDevice.SLOW);
                rig.driver.reset();
                assertNull(rig.port.mapped(LARGE_ID));

                rig.start(i % 2 == 0 ? RingFormat.SPLIT : RingFormat.PACKED).exchange(i);

                assertShared(large, rig.port.mapped(LARGE_ID));
            }
        }
    }

    @Test
    void a_machine_that_is_only_stopped_keeps_it() {
        try (Rig rig = rig(LONG, large).connect()) {
            BackEndMessages messages = answering(rig);
            rig.start(RingFormat.SPLIT);
            messages.serve(map(messages, LARGE_ID));
            rig.frontEnd.settle();
            stopAndGoOn(rig);
            // Nothing happened on a ring, so the driver may have begun anew. It has not, so this one is refused.
            messages.serve(map(messages, LARGE_ID));
            for (int i = 1; i < 4; i++) {
                rig.exchange(i);
                stopAndGoOn(rig);
                rig.exchange(-i);
                assertFalse(messages.awaitMessage(0)); // nothing is unmapped under the driver
                assertShared(large, messages.memory(LARGE_ID));
            }
        }
    }

    private static void stopAndGoOn(Rig rig) {
        long echo = rig.port.stop(TestDevice.ECHO);
        long slow = rig.port.stop(TestDevice.SLOW);
        rig.port.begin(TestDevice.ECHO, echo);
        rig.port.begin(TestDevice.SLOW, slow);
    }

    @Test
    void a_ring_that_stops_alone_changes_nothing() {
        try (Rig rig = rig(LONG, large).connect()) {
            BackEndMessages messages = answering(rig);
            rig.start(RingFormat.SPLIT);
            messages.serve(map(messages, LARGE_ID));
            rig.frontEnd.settle();

            rig.port.begin(TestDevice.ECHO, rig.port.stop(TestDevice.ECHO));

            rig.exchange(1);
            assertFalse(messages.awaitMessage(0));
        }
    }

    @Test
    void memory_of_a_back_end_before_gives_way() {
        try (Rig rig = rig(LONG, large).connect()) {
            BackEndMessages messages = answering(rig);
            rig.start(RingFormat.SPLIT);

            answer(messages, map(messages, LARGE_ID), 1);
            answer(messages, unmap(messages, LARGE_ID), 0);
            messages.serve(map(messages, LARGE_ID));

            rig.exchange(1);
            assertShared(large, messages.memory(LARGE_ID));
        }
    }

    @Test
    void every_front_end_maps_anew() {
        try (Rig rig = rig(LONG, small, large)) {
            for (int i = 0; i < 3; i++) {
                rig.connect().start(RingFormat.SPLIT).exchange(i);
                assertShared(small, rig.port.mapped(SMALL_ID));
                assertShared(large, rig.port.mapped(LARGE_ID));
                rig.port.close();
                rig.forget();
            }
        }
    }

    @Test
    void an_answer_from_before_a_stop_is_not_taken_for_one_from_after_it() {
        try (Rig rig = rig(LONG, large).connect()) {
            BackEndMessages messages = answering(rig);
            rig.start(RingFormat.SPLIT);
            BackEndMessages.Sent first = map(messages, LARGE_ID);
            stopAndGoOn(rig);
            Submitted waiting = rig.driver.queue(TestDevice.ECHO).submit(new byte[] {1}, 1);
            rig.frontEnd.settle();
            assertFalse(messages.awaitMessage(0));

            answer(messages, first, 0);

            BackEndMessages.Sent second = map(messages, LARGE_ID);
            rig.driver.runDevice();
            assertFalse(waiting.isUsed());
            messages.serve(second);
            rig.driver.queue(TestDevice.ECHO).await(waiting);
            assertShared(large, messages.memory(LARGE_ID));
        }
    }

    @Test
    void an_answer_that_comes_when_all_rings_are_stopped_leads_to_nothing() {
        try (Rig rig = rig(LONG, small, large).connect()) {
            BackEndMessages messages = answering(rig);
            rig.start(RingFormat.SPLIT);
            BackEndMessages.Sent first = map(messages, SMALL_ID);
            rig.port.stop(TestDevice.ECHO);
            rig.port.stop(TestDevice.SLOW);

            answer(messages, first, 0);

            rig.frontEnd.settle();
            assertFalse(messages.awaitMessage(0));
        }
    }
}
