// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What can be said without a controller; the rest is shown in a Linux guest that simulates one. */
class GpioChipTest {

    @Test
    void what_is_no_controller_is_refused_and_closed_again() throws Exception {
        int before = OpenDescriptors.count(Path.of("/dev/null"));

        LinuxException refused = assertThrows(LinuxException.class, () -> GpioChip.open(Path.of("/dev/null")));

        assertEquals(Errno.ENOTTY, refused.error());
        assertEquals("ioctl: errno=ENOTTY(25) request=GPIO_GET_CHIPINFO path=/dev/null", refused.getMessage());
        assertEquals(before, OpenDescriptors.count(Path.of("/dev/null")));
    }

    @Test
    void a_controller_that_is_not_there_is_named() {
        LinuxException refused =
                assertThrows(LinuxException.class, () -> GpioChip.open(Path.of("/dev/gpiochip-none")));

        assertEquals(Errno.ENOENT, refused.error());
        assertTrue(refused.getMessage().contains("path=/dev/gpiochip-none"));
    }

    @Test
    void an_output_is_configured_with_its_level() {
        byte[] expected = ByteBuffer.allocate(272).order(ByteOrder.nativeOrder())
                .putLong(1 << 3) // flags
                .putInt(1) // attributes
                .putInt(32, 2) // output values
                .putLong(40, 1) // high
                .putLong(48, 1) // of the first line
                .array();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment config = arena.allocate(GpioStructs.CONFIG).fill((byte) 0xFF);

            GpioStructs.configure(config, 0, GpioLine.OUTPUT, true);

            assertArrayEquals(expected, config.toArray(JAVA_BYTE));
        }
    }

    @Test
    void an_input_is_configured_with_its_edges_and_nothing_else() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment config = arena.allocate(GpioStructs.CONFIG).fill((byte) 0xFF);

            GpioStructs.configure(config, 0, GpioLine.INPUT | GpioLine.EDGE_FALLING, true);

            assertEquals(1 << 2 | 1 << 5, config.get(JAVA_LONG, 0));
            assertEquals(0, config.get(JAVA_INT, 8));
            assertEquals(-1, config.asSlice(8).mismatch(arena.allocate(264)), "zeroes");
        }
    }

    @Test
    void names_end_at_their_zero_or_with_their_field() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(GpioStructs.CHIP_INFO);
            byte[] full = "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
            MemorySegment.copy(full, 0, info, JAVA_BYTE, 0, 32);
            MemorySegment.copy(new byte[] {'a', 'b', 0, 'c'}, 0, info, JAVA_BYTE, 32, 4);

            assertEquals(32, GpioStructs.text(info, GpioStructs.CHIP_INFO, "name").length());
            assertEquals("ab", GpioStructs.text(info, GpioStructs.CHIP_INFO, "label"));
        }
    }
}
