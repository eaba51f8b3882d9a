// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.host.linux.EventFd;
import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** [VFIO_USER_DEVICE_GET_IRQ_INFO], [VFIO_USER_DEVICE_SET_IRQS] */
class InterruptsTest {

    private static final int VECTORS = RecordingFunction.VECTORS;
    private static final int ASSIGN = Wire.EVENTFD | Wire.TRIGGER;

    private final Served served = new Served();
    private final Client client = served.negotiated();
    private final EventFd[] events = new EventFd[VECTORS];

    InterruptsTest() throws LinuxException {
        for (int i = 0; i < VECTORS; i++) {
            events[i] = EventFd.create();
        }
    }

    @AfterEach
    void close() {
        client.close();
        served.close();
        Arrays.stream(events).forEach(EventFd::close);
    }

    private FileDescriptor[] descriptors(int from, int count) {
        return Arrays.stream(events, from, from + count).map(EventFd::descriptor).toArray(FileDescriptor[]::new);
    }

    /** How often each was signalled since the last call. */
    private String taken() throws LinuxException {
        StringBuilder taken = new StringBuilder();
        for (int i = 0; i < VECTORS; i++) {
            long count = events[i].tryRead();
            if (count != 0) {
                taken.append(taken.isEmpty() ? "" : " ").append(i).append(':').append(count);
            }
        }
        return taken.toString();
    }

    private void message(int vector) {
        served.function.interrupts.message(vector, 0xFEE0_0000L, vector);
    }

    private void pin(boolean asserted) {
        served.function.interrupts.intx(asserted);
    }

    private void pinUnmask() {
        client.setInterrupts(Wire.NONE | Wire.UNMASK, Wire.INTX, 0, 1);
    }

    // ── Information ────────────────────────────────────────────────────────

    @ParameterizedTest
    @CsvSource({"0, 7, 1", "1, 0, 0", "2, 1, 24", "4, 0, 0"})
    void types_of_interrupts_are_described(int index, int flags, int count) {
        ByteBuffer info = client.call(Wire.DEVICE_GET_IRQ_INFO, Wire.irqInfo(index));

        assertEquals(16, info.remaining());
        assertEquals(16, info.getInt());
        assertEquals(flags, info.getInt()); // EVENTFD, MASKABLE, AUTOMASKED
        assertEquals(index, info.getInt());
        assertEquals(count, info.getInt());
    }

    @Test
    void a_function_without_interrupts_has_none_of_them() {
        try (Served without = new Served(false, 0); Client other = without.negotiated()) {
            for (int index : new int[] {Wire.INTX, Wire.MSI, Wire.MSIX}) {
                assertEquals(0, other.call(Wire.DEVICE_GET_IRQ_INFO, Wire.irqInfo(index)).getInt(12));
                other.refused(Wire.EINVAL, Wire.DEVICE_SET_IRQS, Wire.interrupts(ASSIGN, index, 0, 1));
                other.setInterrupts(Wire.NONE | Wire.TRIGGER, index, 0, 0);
            }
        }
    }

    /** As Linux's VFIO answers for functions without error reporting; QEMU warns of any other answer. */
    @Test
    void there_is_no_interrupt_for_errors() {
        client.refused(Wire.EINVAL, Wire.DEVICE_GET_IRQ_INFO, Wire.irqInfo(3));
    }

    @Test
    @HostileCase("VF-5")
    void types_that_are_not_there_are_refused() {
        int[] indices = {5, 6, 255, 0x7FFF_FFFF, 0x8000_0000, -1};
        for (int index : indices) {
            client.refused(Wire.EINVAL, Wire.DEVICE_GET_IRQ_INFO, Wire.irqInfo(index));
            client.refused(Wire.EINVAL, Wire.DEVICE_SET_IRQS, Wire.interrupts(Wire.NONE | Wire.TRIGGER, index, 0, 0));
            client.refused(Wire.EINVAL, Wire.DEVICE_SET_IRQS, Wire.interrupts(ASSIGN, index, 0, 1),
                    events[0].descriptor());
        }
        HostileCases.count("VF-5", 3 * indices.length);
    }

    // ── MSI-X ──────────────────────────────────────────────────────────────

    @Test
    void a_message_signals_the_eventfd_of_its_vector() throws LinuxException {
        client.setInterrupts(ASSIGN, Wire.MSIX, 3, 16, descriptors(3, 16));

        message(3);
        message(18);
        message(18);

        assertEquals("3:1 18:2", taken());
    }

    @Test
    void a_message_without_eventfd_waits_for_one() throws LinuxException {
        message(5);
        message(5);
        client.setInterrupts(ASSIGN, Wire.MSIX, 4, 1, descriptors(4, 1));
        assertEquals("", taken());

        client.setInterrupts(ASSIGN, Wire.MSIX, 5, 1, descriptors(5, 1));

        assertEquals("5:1", taken());
    }

    @Test
    void a_reset_forgets_messages_that_wait_and_keeps_eventfds() throws LinuxException {
        client.setInterrupts(ASSIGN, Wire.MSIX, 4, 1, descriptors(4, 1));
        message(5);

        client.reset();
        client.setInterrupts(ASSIGN, Wire.MSIX, 5, 1, descriptors(5, 1));
        message(4);

        assertEquals("4:1", taken());
        assertEquals(1, served.function.resets.get());
    }

    @Test
    void another_eventfd_takes_the_place_of_the_first() throws LinuxException {
        client.setInterrupts(ASSIGN, Wire.MSIX, 0, 2, descriptors(0, 2));
        client.setInterrupts(ASSIGN, Wire.MSIX, 1, 1, descriptors(7, 1));

        message(0);
        message(1);

        assertEquals("0:1 7:1", taken());
    }

    /** As QEMU does for a vector that the guest does not use any more. */
    @Test
    void eventfds_are_taken_away_by_a_range_without_descriptors() throws LinuxException {
        client.setInterrupts(ASSIGN, Wire.MSIX, 0, 4, descriptors(0, 4));

        client.setInterrupts(ASSIGN, Wire.MSIX, 1, 2);
        for (int vector = 0; vector < 4; vector++) {
            message(vector);
        }

        assertEquals("0:1 3:1", taken());
        client.setInterrupts(ASSIGN, Wire.MSIX, 0, VECTORS); // more at once than descriptors could come
        message(0);
        assertEquals("", taken());
    }

    @Test
    void a_count_of_0_disables_all_of_a_type() throws LinuxException {
        client.setInterrupts(ASSIGN, Wire.MSIX, 0, 16, descriptors(0, 16));
        client.setInterrupts(ASSIGN, Wire.INTX, 0, 1, descriptors(20, 1));
        message(23);

        client.setInterrupts(Wire.NONE | Wire.TRIGGER, Wire.MSIX, 0, 0);
        message(0);
        client.setInterrupts(ASSIGN, Wire.MSIX, 16, 8, descriptors(16, 4)[0], descriptors(16, 8)[1],
                descriptors(16, 8)[2], descriptors(16, 8)[3], descriptors(16, 8)[4], descriptors(16, 8)[5],
                descriptors(16, 8)[6], descriptors(16, 8)[7]);
        pin(true);

        assertEquals("20:1", taken()); // what waited for vector 23 is forgotten
    }

    @Test
    void a_client_triggers_vectors_itself() throws LinuxException {
        client.setInterrupts(ASSIGN, Wire.MSIX, 0, 4, descriptors(0, 4));

        client.setInterrupts(Wire.NONE | Wire.TRIGGER, Wire.MSIX, 1, 2);
        assertEquals("1:1 2:1", taken());
        client.call(Wire.DEVICE_SET_IRQS, Wire.interrupts(Wire.BOOL | Wire.TRIGGER, Wire.MSIX, 0, 4,
                (byte) 1, (byte) 0, (byte) 0, (byte) 0xFF));
        assertEquals("0:1 3:1", taken());
        client.setInterrupts(Wire.NONE | Wire.TRIGGER, Wire.MSIX, 0, VECTORS); // others have no eventfd
        assertEquals("0:1 1:1 2:1 3:1", taken());
        client.call(Wire.DEVICE_SET_IRQS, Wire.interrupts(Wire.BOOL | Wire.TRIGGER, Wire.MSIX, 0, 4, new byte[4]));
        assertEquals("", taken());
    }

    // ── INTx ───────────────────────────────────────────────────────────────

    @Test
    void a_pin_that_is_asserted_signals_once_and_masks_itself() throws LinuxException {
        client.setInterrupts(ASSIGN, Wire.INTX, 0, 1, descriptors(0, 1));

        pin(true);
        pin(true);
        pin(false);
        pin(true);

        assertEquals("0:1", taken());
    }

    @Test
    void a_pin_that_is_still_asserted_signals_again_when_it_is_unmasked() throws LinuxException {
        client.setInterrupts(ASSIGN, Wire.INTX, 0, 1, descriptors(0, 1));
        pin(true);
        taken();

        pinUnmask();
        assertEquals("0:1", taken());
        pinUnmask();
        assertEquals("0:1", taken());
        pin(false);
        pinUnmask();
        assertEquals("", taken());
        pin(true);
        assertEquals("0:1", taken());
    }

    @Test
    void a_pin_that_is_masked_signals_when_it_is_unmasked() throws LinuxException {
        client.setInterrupts(ASSIGN, Wire.INTX, 0, 1, descriptors(0, 1));
        client.setInterrupts(Wire.NONE | Wire.MASK, Wire.INTX, 0, 1);
        pin(true);
        assertEquals("", taken());

        client.call(Wire.DEVICE_SET_IRQS, Wire.interrupts(Wire.BOOL | Wire.UNMASK, Wire.INTX, 0, 1, (byte) 0));
        assertEquals("", taken());
        client.call(Wire.DEVICE_SET_IRQS, Wire.interrupts(Wire.BOOL | Wire.UNMASK, Wire.INTX, 0, 1, (byte) 1));
        assertEquals("0:1", taken());
        pin(false);
        client.call(Wire.DEVICE_SET_IRQS, Wire.interrupts(Wire.BOOL | Wire.MASK, Wire.INTX, 0, 1, (byte) 1));
        pin(true);
        assertEquals("", taken());
    }

    @Test
    void a_pin_that_is_asserted_before_it_has_an_eventfd_signals_then() throws LinuxException {
        pin(true);

        client.setInterrupts(ASSIGN, Wire.INTX, 0, 1, descriptors(0, 1));

        assertEquals("0:1", taken());
    }

    @Test
    void a_pin_that_was_disabled_begins_unmasked() throws LinuxException {
        client.setInterrupts(ASSIGN, Wire.INTX, 0, 1, descriptors(0, 1));
        pin(true);
        taken();
        client.setInterrupts(Wire.NONE | Wire.TRIGGER, Wire.INTX, 0, 0);
        assertEquals("", taken());

        client.setInterrupts(ASSIGN, Wire.INTX, 0, 1, descriptors(1, 1));

        assertEquals("1:1", taken());
    }

    @Test
    void a_pin_loses_its_eventfd() throws LinuxException {
        client.setInterrupts(ASSIGN, Wire.INTX, 0, 1, descriptors(0, 1));
        client.setInterrupts(ASSIGN, Wire.INTX, 0, 1);

        pin(true);

        assertEquals("", taken());
    }

    @Test
    void a_client_triggers_the_pin_itself() throws LinuxException {
        client.setInterrupts(ASSIGN, Wire.INTX, 0, 1, descriptors(0, 1));

        client.setInterrupts(Wire.NONE | Wire.TRIGGER, Wire.INTX, 0, 1);

        assertEquals("0:1", taken());
    }

    /** As KVM does when a guest has dealt with the interrupt. */
    @Test
    void an_eventfd_unmasks_the_pin() throws LinuxException {
        client.setInterrupts(ASSIGN, Wire.INTX, 0, 1, descriptors(0, 1));
        client.setInterrupts(Wire.EVENTFD | Wire.UNMASK, Wire.INTX, 0, 1, descriptors(1, 1));
        pin(true);
        assertEquals(1, events[0].read(-1));

        for (int i = 0; i < 10; i++) {
            events[1].signal();
            assertEquals(1, events[0].read(20_000)); // still asserted
        }
        client.assertServed();

        pin(false);
        events[1].signal();
        while (events[1].tryRead() != 0) {
            events[1].signal(); // the server has not taken it yet
        }
        client.assertServed();
        assertEquals(0, events[0].tryRead());
    }

    @Test
    void another_eventfd_that_unmasks_takes_the_place_of_the_first() throws LinuxException {
        client.setInterrupts(ASSIGN, Wire.INTX, 0, 1, descriptors(0, 1));
        client.setInterrupts(Wire.EVENTFD | Wire.UNMASK, Wire.INTX, 0, 1, descriptors(1, 1));
        client.setInterrupts(Wire.EVENTFD | Wire.UNMASK, Wire.INTX, 0, 1, descriptors(2, 1));
        pin(true);
        assertEquals(1, events[0].read(-1));

        events[1].signal();
        client.assertServed();
        assertEquals(1, events[1].tryRead());
        events[2].signal();
        assertEquals(1, events[0].read(20_000));

        client.setInterrupts(Wire.EVENTFD | Wire.UNMASK, Wire.INTX, 0, 1);
        events[2].signal();
        client.assertServed();
        assertEquals("2:1", taken());
    }

    @Test
    void an_eventfd_that_unmasks_is_served_while_the_client_says_nothing_and_ends_with_the_connection()
            throws LinuxException {
        Map<String, Integer> before = OpenFiles.now();
        client.setInterrupts(Wire.EVENTFD | Wire.UNMASK, Wire.INTX, 0, 1, descriptors(1, 1));
        client.setInterrupts(Wire.NONE | Wire.TRIGGER, Wire.INTX, 0, 0);
        client.assertServed();
        client.setInterrupts(Wire.EVENTFD | Wire.UNMASK, Wire.INTX, 0, 1, descriptors(1, 1));

        client.close();
        served.awaitEnd();

        assertEquals(OpenFiles.without(before, "socket", 2), OpenFiles.now());
    }

    // ── While the client changes its mind ──────────────────────────────────

    private long takenFrom(int from, int count) throws LinuxException {
        long sum = 0;
        for (int i = from; i < from + count; i++) {
            sum += events[i].tryRead();
        }
        return sum;
    }

    @Test
    void no_message_is_lost_or_doubled_while_eventfds_are_replaced() throws Exception {
        int messages = 20_000;
        client.setInterrupts(ASSIGN, Wire.MSIX, 0, 1, descriptors(0, 1));
        FutureTask<Void> device = new FutureTask<>(() -> {
            for (int i = 0; i < messages; i++) {
                message(0);
            }
        }, null);
        Thread.ofPlatform().daemon().start(device);
        for (int i = 0; !device.isDone(); i++) {
            client.setInterrupts(ASSIGN, Wire.MSIX, 0, 1, descriptors(i % 3, 1));
        }
        device.get();

        assertEquals(messages, takenFrom(0, 3));
    }

    /** Without an eventfd, messages become one; the last one is never lost. */
    @Test
    void the_last_message_arrives_however_often_eventfds_come_and_go() throws Exception {
        for (int round = 0; round < 500; round++) {
            FutureTask<Void> device = new FutureTask<>(() -> message(0), null);
            Thread.ofVirtual().start(device);
            client.setInterrupts(ASSIGN, Wire.MSIX, 0, 1);
            client.setInterrupts(ASSIGN, Wire.MSIX, 0, 1, descriptors(round % 3, 1));
            device.get();
            assertEquals(1, takenFrom(0, 3), "round " + round);
        }
    }

    @Test
    void an_asserted_pin_signals_however_often_it_is_unmasked_and_eventfds_are_replaced() throws Exception {
        client.setInterrupts(ASSIGN, Wire.INTX, 0, 1, descriptors(0, 1));
        for (int round = 0; round < 500; round++) {
            FutureTask<Void> device = new FutureTask<>(() -> pin(true), null);
            Thread.ofVirtual().start(device);
            client.setInterrupts(ASSIGN, Wire.INTX, 0, 1, descriptors(round % 3, 1));
            pinUnmask();
            device.get();
            long signals = takenFrom(0, 3);
            assertTrue(signals >= 1, "round " + round);
            pin(false);
            pinUnmask();
            assertEquals(0, takenFrom(0, 3));
        }
    }

    // ── What must not be ───────────────────────────────────────────────────

    @Test
    @HostileCase("VF-5")
    void ranges_that_are_not_there_are_refused() throws LinuxException {
        long[][] bad = { // index, start, count
            {2, 0, VECTORS + 1}, {2, 1, VECTORS}, {2, VECTORS, 1}, {2, VECTORS + 1, 1}, {2, VECTORS - 1, 2},
            {2, 0xFFFF_FFFFL, 1}, {2, 1, 0xFFFF_FFFFL}, {2, 2, 0xFFFF_FFFEL}, {2, 0xFFFF_FFFFL, 0xFFFF_FFFFL},
            {2, 0x8000_0000L, 0x8000_0000L}, {2, 0, 0x8000_0000L}, {2, 0, 0xFFFF_FFFFL},
            {0, 1, 1}, {0, 0, 2}, {0, 0xFFFF_FFFFL, 1}, {0, 0xFFFF_FFFFL, 2}, {1, 0, 1}, {3, 0, 1}, {4, 0, 1},
        };
        Map<String, Integer> before = OpenFiles.now();
        for (long[] each : bad) {
            int index = (int) each[0];
            client.refused(Wire.EINVAL, Wire.DEVICE_SET_IRQS,
                    Wire.interrupts(Wire.NONE | Wire.TRIGGER, index, each[1], each[2]));
            client.refused(Wire.EINVAL, Wire.DEVICE_SET_IRQS,
                    Wire.interrupts(Wire.NONE | Wire.UNMASK, index, each[1], each[2]));
            client.refused(Wire.EINVAL, Wire.DEVICE_SET_IRQS, Wire.interrupts(ASSIGN, index, each[1], each[2]),
                    events[0].descriptor());
            client.refused(Wire.EINVAL, Wire.DEVICE_SET_IRQS,
                    Wire.interrupts(Wire.BOOL | Wire.TRIGGER, index, each[1], each[2], (byte) 1));
        }
        assertEquals(before, OpenFiles.now());
        assertEquals("", taken());
        HostileCases.count("VF-5", 4 * bad.length);
    }

    @Test
    @HostileCase("VF-5")
    void flags_have_one_kind_of_data_and_one_action() {
        long played = 0;
        for (int flags = 0; flags < 128; flags++) {
            boolean good = flags < 64 && Integer.bitCount(flags & 7) == 1 && Integer.bitCount(flags & 56) == 1;
            if (!good) {
                client.refused(Wire.EINVAL, Wire.DEVICE_SET_IRQS, Wire.interrupts(flags, Wire.INTX, 0, 1));
                played++;
            }
        }
        for (int bit = 6; bit < 32; bit++) {
            client.refused(Wire.EINVAL, Wire.DEVICE_SET_IRQS,
                    Wire.interrupts(Wire.NONE | Wire.TRIGGER | 1 << bit, Wire.INTX, 0, 0));
            played++;
        }
        HostileCases.count("VF-5", played);
    }

    @Test
    @HostileCase("VF-5")
    void a_count_of_0_is_for_disabling_alone() {
        int played = 0;
        for (int data : new int[] {Wire.NONE, Wire.BOOL, Wire.EVENTFD}) {
            for (int action : new int[] {Wire.MASK, Wire.UNMASK, Wire.TRIGGER}) {
                for (int start : new int[] {0, 1, -1}) {
                    if (data != Wire.NONE || action != Wire.TRIGGER || start != 0) {
                        client.refused(Wire.EINVAL, Wire.DEVICE_SET_IRQS,
                                Wire.interrupts(data | action, Wire.MSIX, start, 0));
                        played++;
                    }
                }
            }
        }
        HostileCases.count("VF-5", played);
    }

    @Test
    @HostileCase("VF-5")
    void vectors_cannot_be_masked_and_nothing_can_be_signalled_about_masking() {
        for (int data : new int[] {Wire.NONE, Wire.EVENTFD}) {
            for (int action : new int[] {Wire.MASK, Wire.UNMASK}) {
                client.refused(Wire.EINVAL, Wire.DEVICE_SET_IRQS, Wire.interrupts(data | action, Wire.MSIX, 0, 1));
            }
        }
        client.refused(Wire.EINVAL, Wire.DEVICE_SET_IRQS,
                Wire.interrupts(Wire.EVENTFD | Wire.MASK, Wire.INTX, 0, 1), events[0].descriptor());
        HostileCases.count("VF-5", 5);
    }

    @Test
    @HostileCase("VF-5")
    void the_size_has_to_be_that_of_the_data() {
        int[] lengths = {0, 1, 3, 5, 8, 4096};
        for (int length : lengths) {
            client.refused(Wire.EINVAL, Wire.DEVICE_SET_IRQS,
                    Wire.interrupts(Wire.BOOL | Wire.TRIGGER, Wire.MSIX, 0, 4, new byte[length]));
        }
        for (int flags : new int[] {Wire.NONE | Wire.TRIGGER, ASSIGN}) {
            client.refused(Wire.EINVAL, Wire.DEVICE_SET_IRQS,
                    Wire.interrupts(flags, Wire.MSIX, 0, 1, new byte[4]));
        }
        long[] sizes = {0, 4, 19, 21, 24, 0xFFFF_FFFFL};
        for (long argsz : sizes) {
            client.refused(Wire.EINVAL, Wire.DEVICE_SET_IRQS,
                    Wire.payload().u32(argsz).u32(Wire.NONE | Wire.TRIGGER).u32(2).u32(0).u32(0).bytes());
        }
        HostileCases.count("VF-5", lengths.length + 2 + sizes.length);
    }

    @Test
    @HostileCase("VF-5")
    void descriptors_have_to_be_as_many_as_the_count_and_eventfds() throws LinuxException {
        client.setInterrupts(ASSIGN, Wire.MSIX, 0, 4, descriptors(0, 4));
        Map<String, Integer> before = OpenFiles.now();
        int[][] bad = {{2, 1}, {1, 2}, {4, 3}, {4, 5}, {24, 16}, {1, 16}};
        for (int[] each : bad) {
            client.refused(Wire.EINVAL, Wire.DEVICE_SET_IRQS, Wire.interrupts(ASSIGN, Wire.MSIX, 0, each[0]),
                    descriptors(0, each[1]));
        }
        try (SharedFile file = SharedFile.sealed(4096)) {
            client.refused(Wire.EINVAL, Wire.DEVICE_SET_IRQS, Wire.interrupts(ASSIGN, Wire.MSIX, 0, 3),
                    events[4].descriptor(), events[5].descriptor(), file.descriptor());
            client.refused(Wire.EINVAL, Wire.DEVICE_SET_IRQS, Wire.interrupts(ASSIGN, Wire.INTX, 0, 1),
                    client.socket().descriptor());
            client.refused(Wire.EINVAL, Wire.DEVICE_SET_IRQS,
                    Wire.interrupts(Wire.EVENTFD | Wire.UNMASK, Wire.INTX, 0, 1), file.descriptor());
        }
        assertEquals(before, OpenFiles.now());
        for (int vector = 0; vector < 4; vector++) {
            message(vector);
        }
        assertEquals("0:1 1:1 2:1 3:1", taken()); // all, or none if one is bad
        HostileCases.count("VF-5", bad.length + 3);
    }

    @Test
    @HostileCase("VF-5")
    void the_same_vector_without_end_costs_one_eventfd() throws LinuxException {
        client.setInterrupts(ASSIGN, Wire.MSIX, 0, 1, descriptors(0, 1));
        Map<String, Integer> before = OpenFiles.now();
        int times = 20_000;
        for (int i = 0; i < times; i++) {
            client.setInterrupts(ASSIGN, Wire.MSIX, 0, 1, descriptors(i % 2, 1));
        }
        assertEquals(before, OpenFiles.now());
        message(0);
        assertEquals("1:1", taken());
        HostileCases.count("VF-5", times);
    }
}
