// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.host.linux.EventFd;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Front-ends that agreed to map the device's shared memory, and do it late, wrongly or not: the device goes on. */
class UnwillingFrontEndTest extends SharedMemoryFixture {

    private static final Duration SHORT = Duration.ofMillis(50);

    // ── Those that agree to less ───────────────────────────────────────────

    /** Sets a ring up, empty, with messages that need no acknowledgment. */
    private static void startRing(Rig rig, FrontEnd frontEnd) throws IOException {
        frontEnd.send(FrontEnd.SET_MEM_TABLE, FrontEnd.table(1, rig.ram.region()), rig.ram.descriptor());
        frontEnd.send(FrontEnd.SET_FEATURES, FrontEnd.u64(FrontEnd.F_VERSION_1 | FrontEnd.F_PROTOCOL_FEATURES));
        frontEnd.send(FrontEnd.SET_VRING_NUM, FrontEnd.u32s(TestDevice.ECHO, TestDevice.SIZE));
        long at = SharedRam.user(GuestRam.BASE);
        frontEnd.send(FrontEnd.SET_VRING_ADDR, FrontEnd.addresses(TestDevice.ECHO, 0, at, at + 2 * PAGE, at + PAGE, 0));
        try (EventFd kick = EventFd.create()) {
            frontEnd.send(FrontEnd.SET_VRING_KICK, FrontEnd.u64(TestDevice.ECHO), kick.descriptor());
        }
        frontEnd.send(FrontEnd.SET_VRING_ENABLE, FrontEnd.u32s(TestDevice.ECHO, 1));
        frontEnd.settle();
    }

    private FrontEnd connect(Rig rig, ProtocolFeature... features) {
        return rig.closing(FrontEnd.connect(rig.server).negotiate(ProtocolFeature.mask(List.of(features))));
    }

    @Test
    void one_that_does_not_acknowledge_is_not_waited_for() throws IOException {
        try (Rig rig = rig(LONG, small, large)) {
            FrontEnd frontEnd = connect(rig, ProtocolFeature.SHMEM, ProtocolFeature.BACKEND_REQ);
            BackEndMessages messages = rig.closing(BackEndMessages.open(frontEnd));
            startRing(rig, frontEnd);

            assertTrue(rig.instance.isQueueEnabled(TestDevice.ECHO));
            for (SharedMemoryRegion region : List.of(small, large)) {
                BackEndMessages.Sent sent = map(messages, region.id());
                assertFalse(sent.needsReply());
                messages.serve(sent);
                assertShared(region, messages.memory(region.id()));
            }
        }
    }

    @Test
    void one_without_a_channel_is_not_waited_for_and_maps_when_it_gives_one() throws IOException {
        try (Rig rig = rig(LONG, large)) {
            FrontEnd frontEnd = connect(rig, ProtocolFeature.SHMEM, ProtocolFeature.BACKEND_REQ,
                    ProtocolFeature.REPLY_ACK);
            startRing(rig, frontEnd);
            assertTrue(rig.instance.isQueueEnabled(TestDevice.ECHO));

            BackEndMessages messages = rig.closing(BackEndMessages.open(frontEnd));

            messages.serve(map(messages, LARGE_ID));
            assertShared(large, messages.memory(LARGE_ID));
        }
    }

    @Test
    void one_that_did_not_agree_to_a_channel_is_served_without() throws IOException {
        try (Rig rig = rig(LONG, large)) {
            FrontEnd frontEnd = connect(rig, ProtocolFeature.SHMEM);
            startRing(rig, frontEnd);

            assertTrue(rig.instance.isQueueEnabled(TestDevice.ECHO));
            assertEquals(PAGE * 3, frontEnd.call(FrontEnd.GET_SHMEM_CONFIG, new byte[0]).buffer()
                    .getLong(8 + 8 * LARGE_ID));
        }
    }

    @Test
    void one_that_did_not_agree_to_map_is_not_asked_to() {
        try (Rig rig = rig(LONG, large).connect(ProtocolFeature.STATUS, ProtocolFeature.SHMEM)) {
            BackEndMessages messages = answering(rig);
            rig.start(RingFormat.SPLIT).exchange(1);
            assertFalse(messages.awaitMessage(0));
            rig.frontEnd.refused(FrontEnd.GET_SHMEM_CONFIG, new byte[0]);
        }
    }

    // ── Those that refuse ──────────────────────────────────────────────────

    @Test
    void one_that_refuses_goes_on_without() {
        try (Rig rig = rig(LONG, small, large).connect()) {
            BackEndMessages messages = answering(rig);
            rig.start(RingFormat.SPLIT);

            answer(messages, map(messages, SMALL_ID), 1);
            answer(messages, unmap(messages, SMALL_ID), -1);
            messages.serve(map(messages, LARGE_ID)); // each by itself

            rig.exchange(1);
            assertFalse(messages.awaitMessage(0));
            assertShared(large, messages.memory(LARGE_ID));
        }
    }

    @Test
    void one_that_refuses_twice_is_not_asked_again() {
        try (Rig rig = rig(LONG, large).connect()) {
            BackEndMessages messages = answering(rig);
            rig.start(RingFormat.SPLIT);

            answer(messages, map(messages, LARGE_ID), 1);
            answer(messages, unmap(messages, LARGE_ID), 0);
            answer(messages, map(messages, LARGE_ID), 1);

            rig.exchange(1);
            assertFalse(messages.awaitMessage(0));
        }
    }

    // ── Those that are slow ────────────────────────────────────────────────

    @Test
    @HostileCase("VU-10")
    void one_that_does_not_answer_holds_the_device_up_for_a_while_only() {
        try (Rig rig = rig(SHORT, large).connect()) {
            BackEndMessages messages = answering(rig);
            rig.start(RingFormat.SPLIT).exchange(1);

            // What comes late is done all the same.
            messages.serve(map(messages, LARGE_ID));
            rig.frontEnd.settle();
            assertShared(large, messages.memory(LARGE_ID));
            rig.exchange(2);
        }
    }

    @Test
    @HostileCase("VU-10")
    void one_that_never_answers_is_not_asked_twice_at_a_time() {
        int starts = 5;
        try (Rig rig = rig(SHORT, large).connect()) {
            BackEndMessages messages = answering(rig);
            rig.start(RingFormat.SPLIT);
            for (int i = 0; i < starts; i++) {
                rig.exchange(i);
                long echo = rig.port.stop(TestDevice.ECHO);
                long slow = rig.port.stop(TestDevice.SLOW);
                rig.port.begin(TestDevice.ECHO, echo);
                rig.port.begin(TestDevice.SLOW, slow);
            }
            rig.exchange(9);

            BackEndMessages.Sent only = map(messages, LARGE_ID);
            assertFalse(messages.awaitMessage(0));
            answer(messages, only, 1);
            messages.serve(map(messages, LARGE_ID));
        }
        HostileCases.count("VU-10", starts - 1);
    }

    @Test
    @HostileCase("VU-10")
    void one_that_reads_nothing_is_asked_when_there_is_room() {
        try (Rig rig = rig(Duration.ofMillis(400), large).connect()) {
            BackEndMessages messages = answering(rig);
            rig.start(RingFormat.SPLIT);
            answer(messages, map(messages, LARGE_ID), 1);
            answer(messages, unmap(messages, LARGE_ID), 1);
            rig.exchange(1);
            fill(rig);
            long echo = rig.port.stop(TestDevice.ECHO);
            long slow = rig.port.stop(TestDevice.SLOW);
            rig.port.begin(TestDevice.ECHO, echo);
            rig.port.begin(TestDevice.SLOW, slow);
            Submitted waiting = rig.driver.queue(TestDevice.ECHO).submit(new byte[] {2}, 1);
            rig.frontEnd.settle();

            BackEndMessages.Sent sent = messages.receive();
            while (sent != null && sent.request() == FrontEnd.BACKEND_CONFIG_CHANGE_MSG) {
                sent = messages.receive();
            }
            assertNotNull(sent);
            assertEquals(FrontEnd.BACKEND_SHMEM_MAP, sent.request());
            messages.serve(sent);
            rig.driver.queue(TestDevice.ECHO).await(waiting);
            fill(rig);
            rig.exchange(3);
        }
    }

    /** Until the channel has no room: messages that nobody reads. */
    private static void fill(Rig rig) {
        for (int i = 0; i < 5000; i++) {
            byte value = (byte) i;
            rig.device.config.update(bytes -> bytes.set(JAVA_BYTE, 0, value));
            if (i % 10 == 0) {
                rig.frontEnd.get(FrontEnd.GET_QUEUE_NUM);
            }
        }
    }

    // ── Those that break the protocol ──────────────────────────────────────

    private static byte[] reply(int request, int flags, byte[] payload) {
        return FrontEnd.message(request, flags, payload);
    }

    @Test
    @HostileCase("VU-10")
    void an_answer_that_is_none_ends_the_channel_and_not_the_connection() {
        int map = FrontEnd.BACKEND_SHMEM_MAP;
        int good = FrontEnd.VERSION | FrontEnd.REPLY;
        List<byte[]> answers = List.of(
                reply(FrontEnd.BACKEND_SHMEM_UNMAP, good, FrontEnd.u64(0)),
                reply(FrontEnd.BACKEND_CONFIG_CHANGE_MSG, good, FrontEnd.u64(0)),
                reply(-1, good, FrontEnd.u64(0)),
                reply(map, FrontEnd.VERSION, FrontEnd.u64(0)),
                reply(map, FrontEnd.REPLY, FrontEnd.u64(0)),
                reply(map, good | FrontEnd.NEED_REPLY, FrontEnd.u64(0)),
                reply(map, good | 0x10, FrontEnd.u64(0)),
                reply(map, good, new byte[16]),
                // Claims a length, and comes with enough for another.
                Arrays.copyOf(reply(map, good, new byte[4]), FrontEnd.HEADER + 8),
                Arrays.copyOf(reply(map, good, new byte[0]), FrontEnd.HEADER + 8),
                // Half of it.
                Arrays.copyOf(reply(map, good, FrontEnd.u64(0)), 1),
                Arrays.copyOf(reply(map, good, FrontEnd.u64(0)), FrontEnd.HEADER),
                Arrays.copyOf(reply(map, good, FrontEnd.u64(0)), FrontEnd.HEADER + 7));
        for (byte[] bytes : answers) {
            try (Rig rig = rig(SHORT, large).connect()) {
                BackEndMessages messages = answering(rig);
                rig.start(RingFormat.SPLIT);
                BackEndMessages.Sent sent = map(messages, LARGE_ID);
                sent.file().close();
                messages.raw(bytes);
                rig.exchange(1);
                messages.awaitClosed();
                // Another channel, and it is mapped after all.
                BackEndMessages other = answering(rig);
                other.serve(map(other, LARGE_ID));
                rig.exchange(2);
                assertShared(large, other.memory(LARGE_ID));
            }
        }
        HostileCases.count("VU-10", answers.size() - 1);
    }

    @Test
    @HostileCase("VU-10")
    void a_descriptor_with_an_answer_is_closed() throws IOException {
        try (Rig rig = rig(LONG, large).connect(); EventFd event = EventFd.create()) {
            BackEndMessages messages = answering(rig);
            rig.start(RingFormat.SPLIT);
            BackEndMessages.Sent sent = map(messages, LARGE_ID);
            sent.file().close();
            messages.raw(reply(FrontEnd.BACKEND_SHMEM_MAP, FrontEnd.VERSION | FrontEnd.REPLY, FrontEnd.u64(0)),
                    event.descriptor());
            rig.exchange(1);
            messages.awaitClosed();
        }
    }

    @Test
    @HostileCase("VU-10")
    void a_channel_that_is_closed_is_given_up() {
        try (Rig rig = rig(LONG, large).connect()) {
            BackEndMessages messages = answering(rig);
            rig.start(RingFormat.SPLIT);
            map(messages, LARGE_ID).file().close();
            messages.close();
            rig.exchange(1);
        }
        try (Rig rig = rig(LONG, large).connect()) {
            answering(rig).close();
            rig.start(RingFormat.SPLIT).exchange(1);
        }
    }

    @Test
    @HostileCase("VU-10")
    void what_was_said_before_it_was_asked_for_is_no_answer() {
        try (Rig rig = rig(SHORT, large).connect()) {
            BackEndMessages messages = answering(rig);
            for (int i = 0; i < 50; i++) {
                messages.answer(FrontEnd.BACKEND_CONFIG_CHANGE_MSG, 0);
            }
            rig.start(RingFormat.SPLIT).exchange(1);
        }
    }

    @Test
    void a_file_that_the_embedder_has_closed_is_not_sent() {
        file.close();
        try (Rig rig = rig(LONG, large).connect()) {
            BackEndMessages messages = answering(rig);
            rig.start(RingFormat.SPLIT).exchange(1);
            messages.awaitClosed();
        }
    }
}
