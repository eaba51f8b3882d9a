// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.gpio.board.SimulatedBoard;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.Normative;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** [GPIO Device / Device configuration layout], [Virtqueues], [requestq Operation / Get Line Names] */
class DeviceConfigurationLayoutTest {

    /** The example of the specification. */
    private static final String[] NAMES = {"MMC-CD", "", "", "", "", "Red LED Vdd", "", "ethernet reset", "", ""};
    private static final byte[] BLOCK =
            "MMC-CD\0\0\0\0\0Red LED Vdd\0\0ethernet reset\0\0\0".getBytes(US_ASCII);

    @Test
    void the_layout_is_that_of_the_specification() {
        assertEquals("""
                struct virtio_gpio_config {
                    /*   0 */ le16 ngpio;
                    /*   2 */ u8[2] padding;
                    /*   4 */ le32 gpio_names_size;
                }; /* 8 bytes */""", GpioConfig.LAYOUT.toString());
    }

    @Test
    @Normative({"GPIO-2", "GPIO-4"})
    void all_fields_are_set() {
        try (Pins pins = Pins.start(SimulatedBoard.of(NAMES), DriverOptions.split())) {
            assertEquals(8, pins.driver.instance().configSize());
            assertEquals(10, pins.driver.port().readConfig(0, 2));
            assertEquals(0, pins.driver.port().readConfig(2, 2));
            assertEquals(BLOCK.length, pins.driver.port().readConfig(4, 4));
        }
    }

    @Test
    @Normative("GPIO-3")
    void without_names_their_size_is_0_and_the_message_is_refused() {
        try (Pins pins = Pins.start(SimulatedBoard.of("", "", ""), DriverOptions.split())) {
            assertEquals(3, pins.driver.port().readConfig(0, 2));
            assertEquals(0, pins.driver.port().readConfig(4, 4));
            pins.refused(Pins.GET_LINE_NAMES, 0, 0);
        }
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @Normative({"GPIO-1", "GPIO-5"})
    void names_come_in_the_order_of_lines_each_with_a_zero_behind_it(RingFormat format) {
        try (Pins pins = Pins.start(SimulatedBoard.of(NAMES), DriverOptions.of(format))) {
            Submitted done = pins.driver.queue(0)
                    .exchange(Pins.message(Pins.GET_LINE_NAMES, 0, 0), 1 + BLOCK.length + 5);
            byte[] expected = new byte[1 + BLOCK.length];
            System.arraycopy(BLOCK, 0, expected, 1, BLOCK.length);
            assertArrayEquals(expected, done.written());
            done.assertNothingBeyond();
        }
    }

    @Test
    @Normative("GPIO-5")
    void names_that_cannot_be_are_refused_when_the_device_is_made() {
        assertThrows(IllegalArgumentException.class, () -> SimulatedBoard.of("a", "b", "a"));
        for (String name : new String[] {"caf\u00e9", "tab\t", "zero\0", "\u007f"}) {
            SimulatedBoard board = SimulatedBoard.of("a", name);
            assertThrows(IllegalArgumentException.class, () -> new GpioDevice(board), name);
        }
        FakeLines twice = new FakeLines(2) {
            @Override
            public String name(int line) {
                return "same";
            }
        };
        String message = assertThrows(IllegalArgumentException.class, () -> new GpioDevice(twice)).getMessage();
        assertEquals("lines need different names, or none: line=1 name=same also=0", message);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 65536})
    void too_few_and_too_many_lines_are_refused_when_the_device_is_made(int lines) {
        assertThrows(IllegalArgumentException.class, () -> new GpioDevice(new FakeLines(lines)));
    }

    @Test
    void the_event_queue_has_room_for_every_line() {
        try (TestDriver few = TestDriver.attach(new GpioDevice(new FakeLines(5)));
                TestDriver some = TestDriver.attach(new GpioDevice(new FakeLines(129)));
                TestDriver most = TestDriver.attach(new GpioDevice(new FakeLines(65535)))) {
            assertEquals(256, few.port().queueSizeMax(1));
            assertEquals(512, some.port().queueSizeMax(1));
            assertEquals(32768, most.port().queueSizeMax(1));
        }
    }

    @Test
    void lines_that_cannot_interrupt_have_no_event_queue() {
        FakeLines silent = new FakeLines(2) {
            @Override
            public boolean canInterrupt() {
                return false;
            }
        };
        try (TestDriver driver = TestDriver.attach(new GpioDevice(silent),
                builder -> builder.offer(CoreFeature.IN_ORDER)).start()) {
            assertFalse(driver.offered().has(GpioFeature.IRQ));
            assertTrue(driver.offered().has(CoreFeature.IN_ORDER));
            assertEquals(0, driver.port().queueSizeMax(1));
            assertArrayEquals(new byte[] {1, 0},
                    driver.queue(0).exchange(Pins.message(Pins.SET_IRQ_TYPE, 0, 1), 2).written());
        }
    }

    @Test
    void in_order_is_not_offered_with_interrupts() {
        try (TestDriver driver = TestDriver.attach(new GpioDevice(new FakeLines(2)),
                builder -> builder.offer(CoreFeature.IN_ORDER)).start()) {
            assertFalse(driver.offered().has(CoreFeature.IN_ORDER));
        }
    }

    @Test
    void a_large_board_has_its_names_read_in_one_message() {
        String[] names = Collections.nCopies(3000, "").toArray(new String[0]);
        for (int i = 0; i < names.length; i++) {
            names[i] = "line number " + i;
        }
        try (Pins pins = Pins.start(SimulatedBoard.of(names), DriverOptions.split())) {
            int size = (int) pins.driver.port().readConfig(4, 4);
            byte[] written = pins.driver.queue(0)
                    .exchange(Pins.message(Pins.GET_LINE_NAMES, 0, 0), 1 + size).written();
            assertEquals(1 + size, written.length);
            String[] read = new String(written, 1, size, US_ASCII).split("\0", -1);
            assertEquals("line number 2999", read[2999]);
        }
    }
}
