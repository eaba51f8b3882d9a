// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.mmio;

import static io.virtio4j.transport.mmio.MmioRegister.DEVICE_FEATURES;
import static io.virtio4j.transport.mmio.MmioRegister.DEVICE_FEATURES_SEL;
import static io.virtio4j.transport.mmio.MmioRegister.DRIVER_FEATURES;
import static io.virtio4j.transport.mmio.MmioRegister.DRIVER_FEATURES_SEL;
import static io.virtio4j.transport.mmio.MmioRegister.INTERRUPT_ACK;
import static io.virtio4j.transport.mmio.MmioRegister.INTERRUPT_STATUS;
import static io.virtio4j.transport.mmio.MmioRegister.QUEUE_DESC_HIGH;
import static io.virtio4j.transport.mmio.MmioRegister.QUEUE_DESC_LOW;
import static io.virtio4j.transport.mmio.MmioRegister.QUEUE_DEVICE_HIGH;
import static io.virtio4j.transport.mmio.MmioRegister.QUEUE_DEVICE_LOW;
import static io.virtio4j.transport.mmio.MmioRegister.QUEUE_DRIVER_HIGH;
import static io.virtio4j.transport.mmio.MmioRegister.QUEUE_DRIVER_LOW;
import static io.virtio4j.transport.mmio.MmioRegister.QUEUE_NOTIFY;
import static io.virtio4j.transport.mmio.MmioRegister.QUEUE_READY;
import static io.virtio4j.transport.mmio.MmioRegister.QUEUE_RESET;
import static io.virtio4j.transport.mmio.MmioRegister.QUEUE_SIZE;
import static io.virtio4j.transport.mmio.MmioRegister.QUEUE_SIZE_MAX;
import static io.virtio4j.transport.mmio.MmioRegister.SHM_BASE_HIGH;
import static io.virtio4j.transport.mmio.MmioRegister.SHM_BASE_LOW;
import static io.virtio4j.transport.mmio.MmioRegister.SHM_LEN_HIGH;
import static io.virtio4j.transport.mmio.MmioRegister.SHM_LEN_LOW;
import static io.virtio4j.transport.mmio.MmioRegister.SHM_SEL;
import static io.virtio4j.transport.mmio.MmioRegister.STATUS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.queue.QueueConfig;
import io.virtio4j.core.transport.DeviceStatus;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import io.virtio4j.transport.mmio.MmioRegister.Access;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Wrong use of registers changes nothing, reads 0, and the device works as before. */
class HostileRegisterAccessTest {

    private static final long[] VALUES = {0, 1, 2, 0xFFFF_FFFFL, -1};
    private static final int[] WRONG_WIDTHS =
            {1, 2, 8, 0, 3, 5, 16, -4, Integer.MIN_VALUE, Integer.MAX_VALUE};
    private static final long[] FAR =
            {0x7FFF_FFFFL, 0x8000_0000L, 0xFFFF_FFFFL, 0x1_0000_0100L, Long.MAX_VALUE};
    private static final List<MmioRegister> QUEUE_REGISTERS = List.of(
            QUEUE_SIZE, QUEUE_READY, QUEUE_RESET, QUEUE_DESC_LOW, QUEUE_DESC_HIGH, QUEUE_DRIVER_LOW,
            QUEUE_DRIVER_HIGH, QUEUE_DEVICE_LOW, QUEUE_DEVICE_HIGH);

    private final Machine machine = Machine.running(CoreFeature.RING_RESET);

    @AfterEach
    void close() {
        machine.close();
    }

    /** Available, but the device was not told: a stray notification would show. */
    private HandRing unannounced() {
        machine.exchange(0, machine.ring(0), 1);
        machine.changeConfiguration(1);
        HandRing ring = machine.ring(1);
        ring.add(0x1234_5678);
        return ring;
    }

    private void assertAlive(HandRing ring) {
        assertEquals(0, ring.used());
        machine.write(QUEUE_NOTIFY, 1);
        assertEquals(1, ring.used());
        assertEquals(0x1234_5678, ring.answer());
        machine.write(STATUS, 0);
        assertEquals(0, machine.read(STATUS));
        machine.negotiate();
        HandRing again = machine.ready(0);
        machine.write(STATUS, Machine.RUNNING);
        machine.exchange(0, again, 2);
    }

    @Test
    @HostileCase("MM-1")
    void control_registers_in_other_widths_or_unaligned() {
        HandRing ring = unannounced();
        List<Object> before = machine.snapshot();
        int cases = 0;
        for (long offset = -0x10; offset < 0x100; offset++) {
            for (int width : WRONG_WIDTHS) {
                cases += access(offset, width);
            }
            if ((offset & 3) != 0) {
                cases += access(offset, 4);
            }
            assertEquals(before, machine.snapshot(), "offset " + offset);
        }
        assertAlive(ring);
        HostileCases.count("MM-1", cases);
    }

    /** Reads and writes where nothing can be. */
    private int access(long offset, int width) {
        assertEquals(0, machine.mmio.read(offset, width), () -> "offset " + offset + " width " + width);
        for (long value : VALUES) {
            machine.mmio.write(offset, width, value);
        }
        return 1 + VALUES.length;
    }

    @Test
    @HostileCase("MM-2")
    void undefined_offsets_and_the_wrong_direction() {
        HandRing ring = unannounced();
        List<Object> before = machine.snapshot();
        int cases = 0;
        for (long offset = 0; offset < 0x100; offset += 4) {
            Access access = MmioRegister.at(offset).access();
            if (access == Access.W || access == Access.NONE) {
                assertEquals(0, machine.mmio.read(offset, 4), "offset " + offset);
                cases++;
            }
            if (access == Access.R || access == Access.NONE) {
                for (long value : VALUES) {
                    machine.mmio.write(offset, 4, value);
                    cases++;
                }
            }
            assertEquals(before, machine.snapshot(), "offset " + offset);
        }
        for (long offset : new long[] {-4, -0x100, Long.MIN_VALUE, Long.MIN_VALUE + 0x70}) {
            cases += access(offset, 4);
            assertEquals(before, machine.snapshot(), "offset " + offset);
        }
        assertAlive(ring);
        HostileCases.count("MM-2", cases);
    }

    // ── Selectors ──────────────────────────────────────────────────────────

    @Test
    @HostileCase("MM-3")
    void queues_that_are_not_there() {
        HandRing ring = unannounced();
        long[] queues = LongStream.concat(LongStream.rangeClosed(2, 0x1_0001),
                LongStream.of(0x7FFF_FFFFL, 0x8000_0000L, 0x8000_0001L, 0xFFFF_FFFEL, 0xFFFF_FFFFL))
                .toArray();
        for (long queue : queues) {
            machine.select(queue);
            assertEquals(0, machine.read(QUEUE_SIZE_MAX));
            QUEUE_REGISTERS.forEach(register -> machine.write(register, 1));
            assertEquals(0, machine.read(QUEUE_READY));
            assertEquals(0, machine.read(QUEUE_RESET));
            machine.write(QUEUE_READY, 0);
            machine.write(QUEUE_NOTIFY, queue);
        }
        assertEquals(Machine.RUNNING, machine.read(STATUS));
        assertAlive(ring);
        HostileCases.count("MM-3", queues.length);
    }

    @Test
    @HostileCase("MM-3")
    void regions_that_are_not_there() {
        HandRing ring = unannounced();
        long[] regions = LongStream.concat(LongStream.rangeClosed(0, 0x200),
                LongStream.of(0x7FFF_FFFFL, 0x8000_0000L, 0xFFFF_FFFFL)).toArray();
        for (long region : regions) {
            machine.write(SHM_SEL, region);
            for (MmioRegister register : List.of(SHM_LEN_LOW, SHM_LEN_HIGH, SHM_BASE_LOW, SHM_BASE_HIGH)) {
                assertEquals(0xFFFF_FFFFL, machine.read(register), register + " of region " + region);
            }
        }
        assertAlive(ring);
        HostileCases.count("MM-3", regions.length);
    }

    @Test
    @HostileCase("MM-3")
    void feature_words_that_are_not_there() {
        long[] words = LongStream.concat(LongStream.rangeClosed(4, 0x200),
                LongStream.of(0x0800_0000L, 0x7FFF_FFFFL, 0x8000_0000L, 0xFFFF_FFFFL)).toArray();
        for (long word : words) {
            machine.write(STATUS, 0);
            machine.write(DEVICE_FEATURES_SEL, word);
            assertEquals(0, machine.read(DEVICE_FEATURES));
            machine.acceptOnly();
            machine.write(DRIVER_FEATURES_SEL, word);
            machine.write(DRIVER_FEATURES, 0);
            machine.write(DRIVER_FEATURES, 1L << word % 32);

            machine.write(STATUS, Machine.AGREED);

            assertEquals(Machine.BEGUN, machine.read(STATUS), "word " + word + " was not offered");
        }
        machine.write(STATUS, 0);
        machine.negotiate();
        HostileCases.count("MM-3", words.length);
    }

    // ── QueueReady ─────────────────────────────────────────────────────────

    @Test
    @HostileCase("MM-4")
    void queue_ready_with_values_that_are_no_boolean() {
        HandRing ring = unannounced();
        long[] values = LongStream.concat(LongStream.rangeClosed(2, 0x1_0001),
                LongStream.of(0x7FFF_FFFFL, 0x8000_0000L, 0x8000_0001L, 0xFFFF_FFFFL)).toArray();
        machine.select(1);
        for (long value : values) {
            machine.write(QUEUE_READY, value);
            assertEquals(1, machine.read(QUEUE_READY));
        }
        machine.select(0);
        machine.write(QUEUE_READY, 0);
        for (long value : values) {
            machine.write(QUEUE_READY, value);
            assertEquals(0, machine.read(QUEUE_READY));
        }
        assertAlive(ring);
        HostileCases.count("MM-4", 2L * values.length);
    }

    @Test
    @HostileCase("MM-4")
    void a_ready_queue_cannot_be_configured() {
        HandRing ring = unannounced();
        List<MmioRegister> registers = List.of(QUEUE_SIZE, QUEUE_DESC_LOW, QUEUE_DESC_HIGH,
                QUEUE_DRIVER_LOW, QUEUE_DRIVER_HIGH, QUEUE_DEVICE_LOW, QUEUE_DEVICE_HIGH);
        machine.select(1);
        List<Object> before = machine.snapshot();
        for (MmioRegister register : registers) {
            for (long value : VALUES) {
                machine.write(register, value);
            }
            assertEquals(before, machine.snapshot(), register.name());
        }
        machine.write(QUEUE_READY, 1);
        machine.write(QUEUE_READY, 1);
        assertEquals(before, machine.snapshot());
        assertAlive(ring);
        HostileCases.count("MM-4", (long) registers.size() * VALUES.length + 1);
    }

    @Test
    @HostileCase("MM-4")
    void a_ready_queue_cannot_be_configured_before_driver_ok_either() {
        machine.write(STATUS, 0);
        machine.negotiate();
        HandRing ring = machine.ready(0);
        for (MmioRegister register : QUEUE_REGISTERS.subList(3, QUEUE_REGISTERS.size())) {
            machine.write(register, 0xFFFF_FFFFL);
        }
        machine.write(QUEUE_SIZE, 2);
        machine.write(QUEUE_READY, 1);

        machine.write(STATUS, Machine.RUNNING);

        QueueConfig queue = machine.device.queueConfig(0);
        assertEquals(ring.descriptorArea(), queue.descriptorArea());
        assertEquals(8, queue.size());
        machine.exchange(0, ring, 3);
    }

    @Test
    @HostileCase("MM-4")
    void a_ready_queue_without_addresses_makes_the_device_need_a_reset() {
        machine.write(STATUS, 0);
        machine.negotiate();
        machine.select(0);
        machine.write(QUEUE_READY, 1);

        machine.write(STATUS, Machine.RUNNING);
        machine.write(QUEUE_NOTIFY, 0);

        assertEquals(Machine.RUNNING | DeviceStatus.DEVICE_NEEDS_RESET, machine.read(STATUS));
        assertEquals(2, machine.read(INTERRUPT_STATUS));
        machine.write(STATUS, 0);
        machine.negotiate();
        HandRing ring = machine.ready(0);
        machine.write(STATUS, Machine.RUNNING);
        machine.exchange(0, ring, 3);
    }

    @Test
    @HostileCase("MM-4")
    void queue_ready_that_toggles_during_traffic() {
        machine.select(0);
        int cases = 1000;
        for (int i = 0; i < cases; i++) {
            machine.write(QUEUE_READY, 0);
            HandRing ring = machine.ring(0);
            ring.add(i);
            machine.write(QUEUE_NOTIFY, 0);
            assertEquals(0, ring.used());
            assertEquals(0, machine.read(QUEUE_READY));
            machine.exchange(0, machine.ready(0), i);
            assertEquals(1, machine.read(QUEUE_READY));
        }
        HostileCases.count("MM-4", cases);
    }

    // ── Configuration ──────────────────────────────────────────────────────

    @Test
    @HostileCase("MM-5")
    void configuration_past_its_end() {
        HandRing ring = unannounced();
        byte[] expected = new byte[LoopDevice.CONFIG_SIZE];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = (byte) machine.mmio.read(0x100 + i, 1);
        }
        int cases = 0;
        for (int offset = 0; offset < 0x1000; offset++) {
            for (int width = 1; width <= 8; width *= 2) {
                boolean fits = offset + width <= expected.length;
                long value = fits ? little(expected, offset, width) : 0;
                assertEquals(value, machine.mmio.read(0x100 + offset, width), "offset " + offset);
                if (!fits) {
                    machine.mmio.write(0x100 + offset, width, 0x5A5A_5A5A_5A5A_5A5AL);
                    cases += 2;
                }
            }
        }
        for (long far : FAR) {
            for (int width = 1; width <= 8; width *= 2) {
                assertEquals(0, machine.mmio.read(far, width));
                machine.mmio.write(far, width, -1);
                cases += 2;
            }
        }
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], (byte) machine.mmio.read(0x100 + i, 1), "byte " + i);
        }
        assertAlive(ring);
        HostileCases.count("MM-5", cases);
    }

    private static long little(byte[] bytes, int offset, int width) {
        long value = 0;
        for (int i = width - 1; i >= 0; i--) {
            value = value << 8 | bytes[offset + i] & 0xFF;
        }
        return value;
    }

    @Test
    @HostileCase("MM-5")
    void configuration_in_widths_that_are_not_there() {
        HandRing ring = unannounced();
        List<Object> before = machine.snapshot();
        int cases = 0;
        for (int offset = 0x100; offset < 0x110; offset++) {
            for (int width : new int[] {0, 3, 5, 6, 7, 9, 16, -1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
                cases += access(offset, width);
            }
        }
        assertEquals(before, machine.snapshot());
        assertAlive(ring);
        HostileCases.count("MM-5", cases);
    }

    // ── InterruptACK ───────────────────────────────────────────────────────

    @Test
    @HostileCase("MM-6")
    void acknowledging_what_did_not_happen() {
        HandRing ring = machine.ring(0);
        int cases = 0;
        for (int events = 0; events <= 3; events++) {
            for (int bit = 0; bit < 32; bit++) {
                happen(ring, events);
                machine.write(INTERRUPT_ACK, 1L << bit);
                assertEquals(events & ~(1L << bit), machine.read(INTERRUPT_STATUS));
                machine.write(INTERRUPT_ACK, 0);
                machine.write(INTERRUPT_ACK, 0xFFFF_FFFCL);
                assertEquals(events & ~(1L << bit), machine.read(INTERRUPT_STATUS));
                machine.write(INTERRUPT_ACK, 0xFFFF_FFFFL);
                assertEquals(0, machine.read(INTERRUPT_STATUS));
                cases += 3;
            }
        }
        machine.exchange(0, ring, 9);
        assertEquals(1, machine.read(INTERRUPT_STATUS));
        HostileCases.count("MM-6", cases);
    }

    private void happen(HandRing ring, int events) {
        if ((events & 1) != 0) {
            machine.exchange(0, ring, events);
        }
        if ((events & 2) != 0) {
            machine.changeConfiguration(events);
        }
    }

    @Test
    @HostileCase("MM-6")
    void never_acknowledging() {
        HandRing ring = machine.ring(0);
        for (int i = 0; i < 1000; i++) {
            machine.exchange(0, ring, i);
            assertEquals(1, machine.read(INTERRUPT_STATUS));
        }
        assertEquals(List.of(true), machine.line);
        machine.write(INTERRUPT_ACK, 1);
        machine.exchange(0, ring, 1);
        assertEquals(List.of(true, false, true), machine.line);
        assertNotEquals(0, machine.read(INTERRUPT_STATUS));
    }
}
