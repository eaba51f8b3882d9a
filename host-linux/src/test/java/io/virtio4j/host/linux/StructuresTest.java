// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/**
 * Sizes and offsets as a C compiler prints them for x86-64 and aarch64, which agree in all but
 * {@code struct epoll_event}.
 */
class StructuresTest {

    @Test
    void structures_have_the_offsets_of_c() {
        assertOffset(8, Iovec.LAYOUT, "iov_len");
        assertOffset(16, MessageHeader.LAYOUT, "msg_iov");
        assertOffset(24, MessageHeader.LAYOUT, "msg_iovlen");
        assertOffset(32, MessageHeader.LAYOUT, "msg_control");
        assertOffset(40, MessageHeader.LAYOUT, "msg_controllen");
        assertOffset(48, MessageHeader.LAYOUT, "msg_flags");
        assertOffset(8, ControlMessage.LAYOUT, "cmsg_level");
        assertOffset(12, ControlMessage.LAYOUT, "cmsg_type");
        assertOffset(2, SocketAddress.LAYOUT, "sun_path");
        assertOffset(16, InterfaceRequest.LAYOUT, "ifr_flags");
        assertOffset(8, I2cMessages.MESSAGE, "buf");
        assertOffset(8, I2cMessages.TRANSACTION, "nmsgs");
        assertOffset(4, PollFd.LAYOUT, "events");
        assertOffset(6, PollFd.LAYOUT, "revents");
        assertOffset(8, StatFs.LAYOUT, "f_bsize");
        assertOffset(4, Statx.LAYOUT, "stx_blksize");
        assertOffset(28, Statx.LAYOUT, "stx_mode");
        assertOffset(32, Statx.LAYOUT, "stx_ino");
        assertOffset(40, Statx.LAYOUT, "stx_size");
        assertOffset(48, Statx.LAYOUT, "stx_blocks");
        assertOffset(64, Statx.LAYOUT, "stx_atime");
        assertOffset(128, Statx.LAYOUT, "stx_rdev_major");
        assertOffset(136, Statx.LAYOUT, "stx_dev_major");
        assertOffset(144, Statx.LAYOUT, "stx_mnt_id");
        assertOffset(72, StatFs.LAYOUT, "f_frsize");
        assertOffset(8, Flock.LAYOUT, "l_start");
        assertOffset(24, Flock.LAYOUT, "l_pid");
        assertOffset(16, OpenHow.LAYOUT, "resolve");
    }

    @Test
    void structures_of_gpio_have_the_offsets_of_c() {
        assertOffset(64, GpioStructs.CHIP_INFO, "lines");
        assertOffset(64, GpioStructs.LINE_INFO, "offset");
        assertOffset(72, GpioStructs.LINE_INFO, "flags");
        assertOffset(256, GpioStructs.REQUEST, "consumer");
        assertOffset(288, GpioStructs.REQUEST, "config");
        assertOffset(560, GpioStructs.REQUEST, "num_lines");
        assertOffset(588, GpioStructs.REQUEST, "fd");
        assertOffset(8, GpioStructs.CONFIG, "num_attrs");
        assertOffset(32, GpioStructs.CONFIG, "attrs");
        assertOffset(16, GpioStructs.CONFIG_ATTRIBUTE, "mask");
        assertOffset(8, GpioStructs.ATTRIBUTE, "values");
        assertOffset(8, GpioStructs.VALUES, "mask");
        assertOffset(8, GpioStructs.EVENT, "id");
    }

    @Test
    void requests_of_gpio_have_the_numbers_of_c() {
        assertEquals(0x8044B401, GpioStructs.GET_CHIPINFO);
        assertEquals(0xC100B405, GpioStructs.GET_LINEINFO);
        assertEquals(0xC250B407, GpioStructs.GET_LINE);
        assertEquals(0xC110B40D, GpioStructs.LINE_SET_CONFIG);
        assertEquals(0xC010B40E, GpioStructs.LINE_GET_VALUES);
        assertEquals(0xC010B40F, GpioStructs.LINE_SET_VALUES);
    }

    @Test
    void epoll_event_is_packed_on_x86_64_only() {
        assertEquals(12, EpollEvent.of("amd64").byteSize());
        assertOffset(4, EpollEvent.of("amd64"), "data");
        assertEquals(16, EpollEvent.of("aarch64").byteSize());
        assertOffset(8, EpollEvent.of("aarch64"), "data");
    }

    @Test
    void a_structure_whose_members_do_not_add_up_is_refused() {
        AssertionError refused = assertThrows(AssertionError.class,
                () -> CStruct.of("odd", 16, ValueLayout.JAVA_INT.withName("only")));

        assertEquals("odd: size=4 expected=16", refused.getMessage());
    }

    private static void assertOffset(long expected, StructLayout layout, String member) {
        assertEquals(expected, CStruct.offset(layout, member), () -> layout.name() + "." + member);
    }
}
