// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.gpio.GpioDevice;
import io.virtio4j.gpio.linux.ChipBackend;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Lines of a Linux host behind a GPIO device, shown where there are such lines: in a guest, whose kernel
 * simulates a controller. Java runs there, from a disk of ours.
 */
@Tag("guest")
@ExtendWith(GuestReport.class)
class HostLinesGuestTest {

    @Test
    void a_device_uses_the_lines_of_a_controller_of_the_host(GuestReport.Row row) throws Exception {
        try (SharedDirectory shared = SharedDirectory.create();
             ServedDisk disk = JavaDisk.create(shared, List.of(GpioDevice.class, ChipBackend.class)).serve(shared);
             LinuxGuest guest = disk.plugInto(LinuxGuest.builder(shared))
                 .name("host-lines").memory(1024).processors(2).runsServedPrograms().start()) {
            row.with("host", "split", 2);
            guest.run("mount -o ro /dev/vda /mnt").success();
            String device = guest.run("""
                cd /sys/kernel/config/gpio-sim
                mkdir -p board/bank0/line0 board/bank0/line2
                echo 4 > board/bank0/num_lines
                echo zero > board/bank0/line0/name
                echo two > board/bank0/line2/name
                echo 1 > board/live
                chip=$(cat board/bank0/chip_name)
                echo /dev/$chip /sys/devices/platform/$(cat board/dev_name)/$chip
                """).success();
            String said = JavaDisk.run(guest, HostLines.class, device.strip());
            assertTrue(said.endsWith("all lines work"), said);
            guest.powerOff();
            assertEquals(List.of(), guest.complaints());
        }
    }
}
