// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.blk.BlockDevice;
import io.virtio4j.blk.MemoryBackend;
import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.gpio.GpioCounter;
import io.virtio4j.gpio.GpioDevice;
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
import java.util.Locale;
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
    private static final int SECOND_CARRIER = 5;
    /** Where the firmware puts a carrier's BAR beside those of the controller, which have 16 and 8 KiB. */
    private static final long WINDOW = 0xFEBF_E000L;
    private static final long SECOND_WINDOW = 0xFEBF_F000L;
    private static final int WINDOW_SIZE = 512;
    private static final Duration LONG = Duration.ofSeconds(240);

    /** What Linux takes for the lines of a GPIO device, in the node of its transport. */
    private static final String LINES = """
        %s: gpio {
            compatible = "virtio,device29";
            gpio-controller;
            #gpio-cells = <2>;
            interrupt-controller;
            #interrupt-cells = <2>;
        };
        """;

    /** The controller is the child of a PCI function. */
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
                    %s
                };
            };
            %s
        };
        """;

    /** A device on MMIO, with a line as its interrupt; 4 is a level that is high. */
    private static final String MMIO = """
        virtio@%x {
            compatible = "virtio,mmio";
            reg = <0 0x%x 0 0x%x>;
            interrupts-extended = <&%s %d 4>;
            %s
        };
        """;

    @ParameterizedTest
    @EnumSource(Wiring.Ring.class)
    void a_disk_interrupts_through_a_line(Wiring.Ring ring, GuestReport.Row row) throws Exception {
        SimulatedBoard board = SimulatedBoard.of("spare", "disk interrupt");
        SimulatedLine line = board.line("disk interrupt");
        Wiring wiring = new Wiring(Wiring.Bus.PCI, ring, 1);
        try (SharedDirectory shared = SharedDirectory.create();
             ServedBoard served = ServedBoard.serve(shared, CONTROLLER, wiring, board);
             DeviceInstance disk = disk(wiring);
             VfioUserServer carrier = carrier(disk, line, shared, "disk.sock");
             LinuxGuest guest = served.plugInto(LinuxGuest.builder(shared)
                     .vfioUserDevice(CARRIER, "disk.sock")
                     .arguments("-dtb", tree(shared, onMmio(WINDOW, "lines", 1, ""))))
                 .name("line-interrupt-" + wiring).processors(2).start()) {
            served.showIn(row);
            assertTrue(carrier.isConnected());
            expect(guest, CARRIER, WINDOW);
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

    /**
     * A PC tells the device tree of no interrupt of its own. So the board on MMIO interrupts through a line of a
     * board on PCI, and the disk through a line of the board on MMIO.
     */
    @ParameterizedTest
    @EnumSource(Wiring.Ring.class)
    void a_disk_interrupts_through_a_line_of_a_board_on_mmio(Wiring.Ring ring, GuestReport.Row row) throws Exception {
        SimulatedBoard front = SimulatedBoard.of("board interrupt");
        SimulatedBoard behind = SimulatedBoard.of("spare", "disk interrupt");
        SimulatedLine line = behind.line("disk interrupt");
        GpioDevice gpio = new GpioDevice(behind);
        Wiring pci = new Wiring(Wiring.Bus.PCI, ring, 1);
        Wiring mmio = new Wiring(Wiring.Bus.MMIO, ring, 1);
        try (SharedDirectory shared = SharedDirectory.create();
             ServedBoard served = ServedBoard.serve(shared, CONTROLLER, pci, front);
             DeviceInstance board = mmio.instance(gpio).build();
             DeviceInstance disk = disk(mmio);
             VfioUserServer boardCarrier = carrier(board, front.line("board interrupt"), shared, "mmio-board.sock");
             VfioUserServer diskCarrier = carrier(disk, line, shared, "disk.sock");
             LinuxGuest guest = served.plugInto(LinuxGuest.builder(shared)
                     .vfioUserDevice(CARRIER, "disk.sock").vfioUserDevice(SECOND_CARRIER, "mmio-board.sock")
                     .arguments("-dtb", tree(shared,
                         onMmio(SECOND_WINDOW, "lines", 0, LINES.formatted("behind"))
                             + onMmio(WINDOW, "behind", 1, ""))))
                 .name("line-interrupt-" + mmio).processors(2).start()) {
            row.with("MMIO", ring.toString().toLowerCase(Locale.ROOT), 2);
            assertTrue(boardCarrier.isConnected() && diskCarrier.isConnected());
            expect(guest, CARRIER, WINDOW);
            expect(guest, SECOND_CARRIER, SECOND_WINDOW);
            assertEquals(ring == Wiring.Ring.PACKED, board.accepted().has(CoreFeature.RING_PACKED));
            assertEquals(GpioTrigger.LEVEL_HIGH, line.trigger());
            use(guest);
            long interrupts = gpio.counters().get(GpioCounter.INTERRUPTS);
            assertTrue(interrupts > 100, "interrupts " + interrupts);
            // Fewer than these: Linux looks for another event before it leaves the handler of the last.
            long first = served.count(GpioCounter.INTERRUPTS);
            assertTrue(first > 100, "interrupts of the first board " + first);
            guest.powerOff();
            assertEquals(List.of(), guest.complaints());
            row.note(interrupts + " level interrupts, " + first + " of the first board");
        }
    }

    private static DeviceInstance disk(Wiring wiring) {
        return wiring.instance(BlockDevice.of(new MemoryBackend(64 << 20)).build()).build();
    }

    /** Like {@link MmioCarrier}, with a line as the interrupt. */
    private static VfioUserServer carrier(
        DeviceInstance device, SimulatedLine line, SharedDirectory shared, String socket) throws IOException {
        MmioTransport mmio = new MmioTransport(device, MmioInterrupt.level(line::drive));
        return VfioUserServer.of(interrupts -> new VfioUserFunction(
                PlainPciFunction.of(0x1234, 0x0001)
                    .bar(new PciBar(0, BarType.MEMORY_32, 4096), BarRegisters.of(mmio::read, mmio::write))
                    .onReset(mmio::reset)
                    .build(),
                device.memory(), true, 0))
            .listen(UnixAddress.of(shared.path(socket)));
    }

    private static void expect(LinuxGuest guest, int slot, long window) {
        String resource = guest.run("cat /sys/bus/pci/devices/0000:00:%02x.0/resource".formatted(slot)).success();
        assertTrue(resource.startsWith("0x%016x".formatted(window)), "the firmware did otherwise: " + resource);
    }

    private static String onMmio(long window, String controller, int line, String child) {
        return MMIO.formatted(window, window, WINDOW_SIZE, controller, line, child);
    }

    private static String tree(SharedDirectory shared, String devices) throws IOException {
        Path source = Files.writeString(shared.path("lines.dts"),
            TREE.formatted(CONTROLLER, CONTROLLER << 11, LINES.formatted("lines"), devices));
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
