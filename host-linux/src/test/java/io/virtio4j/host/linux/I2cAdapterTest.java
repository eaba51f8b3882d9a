// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What Linux is told of a transaction, and that calls reach it. */
class I2cAdapterTest {

    private final I2cMessages messages = new I2cMessages();

    /** The structure of a message, at the address that the argument has. */
    @SuppressWarnings("restricted")
    private MemorySegment message(int index) {
        return MemorySegment.ofAddress(messages.argument().get(JAVA_LONG, 0)).reinterpret(16 * 42)
                .asSlice(16L * index, 16);
    }

    @Test
    void messages_lie_as_linux_reads_them() {
        messages.add(0x50, 0, 3);
        messages.add(0x250, I2cMessages.READ | I2cMessages.TEN_BIT, 8192);

        assertEquals(16, messages.argument().byteSize());
        assertEquals(2, messages.argument().get(JAVA_INT, 8));
        assertEquals(0x50, message(0).get(JAVA_SHORT, 0));
        assertEquals(0, message(0).get(JAVA_SHORT, 2));
        assertEquals(3, message(0).get(JAVA_SHORT, 4));
        assertEquals(messages.data().address(), message(0).get(JAVA_LONG, 8));
        assertEquals(0x250, message(1).get(JAVA_SHORT, 0));
        assertEquals(0x11, message(1).get(JAVA_SHORT, 2));
        assertEquals(8192, message(1).get(JAVA_SHORT, 4));
        assertEquals(messages.data().address() + messages.place(1), message(1).get(JAVA_LONG, 8));
    }

    @Test
    void the_largest_transaction_fits() {
        for (int i = 0; i < I2cMessages.MOST_MESSAGES; i++) {
            long place = messages.add(1, 0, I2cMessages.MOST_BYTES);
            assertTrue(place + I2cMessages.MOST_BYTES <= messages.data().byteSize());
        }
        assertThrows(IllegalArgumentException.class, () -> messages.add(1, 0, 0));
        messages.clear();
        assertEquals(0, messages.count());
        assertThrows(IllegalArgumentException.class, () -> messages.add(1, 0, I2cMessages.MOST_BYTES + 1));
    }

    @Test
    void what_is_no_adapter_is_refused_by_linux_and_closed() throws IOException {
        int before = OpenDescriptors.count(Path.of("/dev/null"));

        LinuxException refused =
                assertThrows(LinuxException.class, () -> I2cAdapter.open(Path.of("/dev/null")));

        assertEquals(Errno.ENOTTY, refused.error());
        assertEquals("ioctl: errno=ENOTTY(25) request=I2C_FUNCS path=/dev/null", refused.getMessage());
        assertEquals(before, OpenDescriptors.count(Path.of("/dev/null")));
    }

    @Test
    void an_adapter_that_is_not_there_is_named() {
        LinuxException refused =
                assertThrows(LinuxException.class, () -> I2cAdapter.open(Path.of("/dev/i2c-none")));

        assertEquals("open: errno=ENOENT(2) path=/dev/i2c-none", refused.getMessage());
    }
}
