// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.blk.BlockDevice;
import io.virtio4j.blk.MemoryBackend;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.gpio.GpioCounter;
import io.virtio4j.gpio.GpioTrigger;
import io.virtio4j.gpio.board.SimulatedBoard;
import io.virtio4j.gpio.board.SimulatedLine;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.transport.mmio.MmioInterrupt;
import io.virtio4j.transport.mmio.MmioTransport;
import io.virtio4j.transport.pci.BarRegisters;
import io.virtio4j.transport.pci.BarType;
import io.virtio4j.transport.pci.PciBar;
import io.virtio4j.transport.pci.PlainPciFunction;
import io.virtio4j.transport.vfiouser.VfioUserFunction;
import io.virtio4j.transport.vfiouser.VfioUserServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Level interrupts, of which Linux lets no program make use: a disk of ours on MMIO has a line of the board as
 * its interrupt. The line is high until the disk's driver has acknowledged; were one level lost, or one not
 * looked at again, the disk would hang.
 */
@Tag("guest")
@ExtendWith(GuestReport.class)
class LineInterruptGuestTest {

    private static final int CARRIER = 3;
    private static final int CONTROLLER = 4;
    /** Where the firmware puts the carrier's BAR beside those of the controller, which have 16 and 8 KiB. */
    private static final long WINDOW = 0xFEBF_E000L;
    private static final int WINDOW_SIZE = 512;
    private static final Duration LONG = Duration.ofSeconds(240);

    /** The controller is the child of a PCI function; 4 is a level that is high. */
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
                        interrupt-controller;
                        #interrupt-cells = <2>;
                    };
                };
            };
            disk@%x {
                compatible = "virtio,mmio";
                reg = <0 0x%x 0 0x%x>;
                interrupts-extended = <&lines 1 4>;
            };
        };
        """.formatted(CONTROLLER, CONTROLLER << 11, WINDOW, WINDOW, WINDOW_SIZE);

    @ParameterizedTest
    @EnumSource(Wiring.Ring.class)
    void a_disk_interrupts_through_a_line(Wiring.Ring ring, GuestReport.Row row) throws Exception {
        SimulatedBoard board = SimulatedBoard.of("spare", "disk interrupt");
        SimulatedLine line = board.line("disk interrupt");
        Wiring wiring = new Wiring(Wiring.Bus.PCI, ring, 1);
        try (SharedDirectory shared = SharedDirectory.create();
             ServedBoard served = ServedBoard.serve(shared, CONTROLLER, wiring, board);
             DeviceInstance disk = DeviceInstance.of(BlockDevice.of(new MemoryBackend(64 << 20)).build())
                 .runner(Runner.workerPerQueue(Thread.ofPlatform().daemon().factory())).build();
             VfioUserServer carrier = carrier(disk, line, shared);
             LinuxGuest guest = served.plugInto(LinuxGuest.builder(shared)
                     .vfioUserDevice(CARRIER, "disk.sock").arguments("-dtb", tree(shared)))
                 .name("line-interrupt-" + wiring).processors(2).start()) {
            served.showIn(row);
            assertTrue(carrier.isConnected());
            String resource = guest.run("cat /sys/bus/pci/devices/0000:00:%02x.0/resource".formatted(CARRIER))
                .success();
            assertTrue(resource.startsWith("0x%016x".formatted(WINDOW)), "the firmware did otherwise: " + resource);
            assertEquals(GpioTrigger.LEVEL_HIGH, line.trigger());
            use(guest);
            String interrupts = guest.run("grep virtio /proc/interrupts | grep -v MSI").success();
            assertEquals(1, interrupts.lines().count(), interrupts);
            assertTrue(served.count(GpioCounter.INTERRUPTS) > 100, interrupts);
            guest.powerOff();
            assertEquals(List.of(), guest.complaints());
            row.note(served.count(GpioCounter.INTERRUPTS) + " level interrupts");
        }
    }

    private static VfioUserServer carrier(DeviceInstance disk, SimulatedLine line, SharedDirectory shared)
        throws IOException {
        MmioTransport mmio = new MmioTransport(disk, MmioInterrupt.level(line::drive));
        return VfioUserServer.of(interrupts -> new VfioUserFunction(
                PlainPciFunction.of(0x1234, 0x0001)
                    .bar(new PciBar(0, BarType.MEMORY_32, 4096), BarRegisters.of(mmio::read, mmio::write))
                    .onReset(mmio::reset)
                    .build(),
                disk.memory(), true, 0))
            .listen(UnixAddress.of(shared.path("disk.sock")));
    }

    private static String tree(SharedDirectory shared) throws IOException {
        Path source = Files.writeString(shared.path("lines.dts"), TREE);
        return DeviceTree.compile(shared, source, GuestImages.prepared().kernel(GuestKernel.SMALL));
    }

    private static void use(LinuxGuest guest) {
        assertEquals("vda", guest.run("ls /sys/block | grep vd").success());
        guest.run("mkfs.ext4 -q /dev/vda && mount /dev/vda /mnt", LONG).success();
        guest.run("fio --name=lines --directory=/mnt --size=8M --rw=randrw --bs=4k --iodepth=4"
            + " --ioengine=io_uring --verify=crc32c --do_verify=1 --direct=1", LONG).success();
        guest.run("umount /mnt && e2fsck -fn /dev/vda", LONG).success();
    }
}
