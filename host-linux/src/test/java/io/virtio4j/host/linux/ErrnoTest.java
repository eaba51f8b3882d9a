// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ErrnoTest {

    @Test
    void every_name_is_found_by_its_number() {
        for (Errno errno : Errno.values()) {
            assertEquals(errno, Errno.of(errno.number()), errno::toString);
        }
    }

    @Test
    void numbers_without_a_name_are_unknown() {
        assertEquals(Errno.UNKNOWN, Errno.of(0));
        assertEquals(Errno.UNKNOWN, Errno.of(41));
        assertEquals(Errno.UNKNOWN, Errno.of(4096));
        assertEquals(Errno.UNKNOWN, Errno.of(Integer.MIN_VALUE));
    }

    @Test
    void an_exception_names_call_number_and_arguments() {
        LinuxException full = new LinuxException("fallocate", 28, "fd=3 length=4096");

        assertEquals("fallocate: errno=ENOSPC(28) fd=3 length=4096", full.getMessage());
        assertEquals("fallocate", full.call());
        assertEquals(28, full.errno());
        assertEquals(Errno.ENOSPC, full.error());
    }

    @Test
    void an_exception_keeps_a_number_without_a_name() {
        LinuxException strange = new LinuxException("open", 41, "");

        assertEquals("open: errno=41", strange.getMessage());
        assertEquals(41, strange.errno());
        assertEquals(Errno.UNKNOWN, strange.error());
    }
}
