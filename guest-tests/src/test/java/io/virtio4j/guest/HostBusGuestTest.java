// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.gpio.board.SimulatedBoard;
import io.virtio4j.i2c.I2cDevice;
import io.virtio4j.i2c.linux.LinuxI2cBus;
import io.virtio4j.i2c.simulated.I2cTarget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A bus of a Linux host behind an I2C device, shown where there is such a bus: in a guest, whose kernel makes one of
 * two lines of a board of ours, bit by bit (i2c-gpio). Java runs there, from a disk of ours, and so do i2c-tools.
 */
@Tag("guest")
@ExtendWith(GuestReport.class)
class HostBusGuestTest {

    private static final int CONTROLLER = 4;

    /** 6 is an open drain. */
    private static final String TREE = """
        /dts-v1/;
        / {
            #address-cells = <2>;
            #size-cells = <2>;
            compatible = "linux,virtio-guest";
            pci {
                device_type = "pci";
                bus-range = <0 0>;
                #address-cells = <3>;
                #size-cells = <2>;
                gpio@%x,0 {
                    reg = <0x%x 0 0 0 0>;
                    lines: gpio {
                        compatible = "virtio,device29";
                        gpio-controller;
                        #gpio-cells = <2>;
                    };
                };
            };
            i2c {
                compatible = "i2c-gpio";
                sda-gpios = <&lines 0 6>;
                scl-gpios = <&lines 1 6>;
                i2c-gpio,delay-us = <1>;
                i2c-gpio,timeout-ms = <5000>;
            };
        };
        """.formatted(CONTROLLER, CONTROLLER << 11);

    /** A memory without a write time, of which the first byte that is written is an address. */
    private static final class Memory implements I2cTarget {

        private final byte[] content = new byte[256];
        private boolean addressed;
        private int at;

        @Override
        public synchronized boolean start(boolean read) {
            addressed = read;
            return true;
        }

        @Override
        public synchronized boolean write(int data) {
            if (addressed) {
                content[at++ & 0xFF] = (byte) data;
            } else {
                at = data;
                addressed = true;
            }
            return true;
        }

        @Override
        public synchronized int read() {
            return content[at++ & 0xFF];
        }

        synchronized int content(int address) {
            return content[address];
        }
    }

    /** Takes a byte, and not another. */
    private static final class Stubborn implements I2cTarget {

        private boolean full;

        @Override
        public boolean start(boolean read) {
            full = false;
            return true;
        }

        @Override
        public boolean write(int data) {
            boolean takes = !full;
            full = true;
            return takes;
        }

        @Override
        public int read() {
            return 0xFF;
        }
    }

    @Test
    void a_device_uses_a_bus_of_the_host(GuestReport.Row row) throws Exception {
        SimulatedBoard board = SimulatedBoard.of("sda", "scl");
        TwoWires wires = new TwoWires(board.line("sda"), board.line("scl"));
        Memory memory = new Memory();
        I2cBoard.Latch far = new I2cBoard.Latch();
        wires.attach(HostBus.MEMORY, memory);
        wires.attach(HostBus.STUBBORN, new Stubborn());
        wires.attach(HostBus.FAR, far);
        wires.attach(HostBus.FOREIGN, new I2cBoard.Latch());
        try (SharedDirectory shared = SharedDirectory.create();
             ServedBoard served = ServedBoard.serve(shared, CONTROLLER,
                 new Wiring(Wiring.Bus.PCI, Wiring.Ring.PACKED, 1), board);
             ServedDisk disk = JavaDisk.create(shared, List.of(I2cDevice.class, LinuxI2cBus.class)).serve(shared);
             LinuxGuest guest = served.plugInto(disk.plugInto(LinuxGuest.builder(shared)))
                 .arguments("-dtb", tree(shared)).programs(GuestPrograms.BOARD)
                 .name("host-bus").memory(1024).processors(2).runsServedPrograms().start()) {
            row.with("host", "packed", 2);
            String bus = guest.run("basename $(grep -lx i2c /sys/class/i2c-dev/*/name | xargs dirname)").success();
            guest.run("i2cset -y " + bus.substring("i2c-".length()) + " 0x50 0x80 0x42").success();
            assertEquals(0x42, memory.content(0x80), "the wires work");
            guest.run("mount -o ro /dev/vda /mnt").success();
            String said = JavaDisk.run(guest, HostBus.class, "/dev/" + bus);
            assertTrue(said.endsWith("all transfers work"), said);
            assertEquals(0xA5, memory.content(0x13) & 0xFF);
            assertEquals(0x5C, far.value());
            guest.powerOff();
            assertEquals(List.of(), guest.complaints());
        }
    }

    private static String tree(SharedDirectory shared) throws IOException {
        Path source = Files.writeString(shared.path("bus.dts"), TREE);
        return DeviceTree.compile(shared, source, GuestImages.prepared().kernel(GuestKernel.SMALL));
    }
}
