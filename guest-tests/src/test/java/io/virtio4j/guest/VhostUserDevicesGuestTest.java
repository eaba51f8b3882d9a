// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.balloon.linux.LinuxPageRelease;
import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.gpio.GpioDevice;
import io.virtio4j.gpio.board.SimulatedBoard;
import io.virtio4j.mem.MemDevice;
import io.virtio4j.transport.vhostuser.ProtocolFeature;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Devices of ours over vhost-user that QEMU has front-ends for, which pass on what they do not understand. */
@Tag("guest")
@ExtendWith(GuestReport.class)
class VhostUserDevicesGuestTest {

    private static final long MIB = 1 << 20;
    private static final String SOCKET = "vhost.sock";
    private static final Duration LONG = Duration.ofMinutes(3);

    /** What a guest is started with, beside the device. */
    private static LinuxGuest.Builder machine(
        SharedDirectory shared, String name, GuestPrograms programs, String device) {
        return LinuxGuest.builder(shared).programs(programs).name("vhost-user-" + name).processors(2).arguments(
            "-chardev", "socket,id=vhost,path=" + shared.inside(SOCKET),
            "-device", device + ",chardev=vhost,addr=3");
    }

    private static String packed(String ring) {
        return ",packed=" + (ring.equals("packed") ? "on" : "off");
    }

    private static void serve(
        VirtioDevice device, SharedDirectory shared, String ring, LinuxGuest.Builder machine,
        Consumer<LinuxGuest> work) throws IOException {
        try (VhostUserDevice served = VhostUserDevice.serve(device, shared.path(SOCKET), Set.of(ring),
                 ProtocolFeature.STATUS);
             LinuxGuest guest = machine.start()) {
            assertEquals(ring.equals("packed"), served.device().accepted().has(CoreFeature.RING_PACKED));
            work.accept(guest);
            guest.powerOff();
            assertEquals(List.of(), guest.complaints());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"split", "packed"})
    void lines_of_a_board_are_read_and_set(String ring, GuestReport.Row row) throws Exception {
        row.with("vhost-user", ring, 2);
        SimulatedBoard board = SimulatedBoard.of("button", "led");
        try (SharedDirectory shared = SharedDirectory.create()) {
            serve(new GpioDevice(board), shared, ring, machine(shared, "gpio-" + ring, GuestPrograms.BOARD,
                "vhost-user-gpio-pci" + packed(ring)), guest -> {
                for (boolean high : new boolean[] {true, false}) {
                    board.line("button").drive(high);
                    assertEquals(high ? "1" : "0", guest.run("gpioget --numeric button", LONG).success());
                }
                GuestJob monitor = guest.start("gpiomon --banner --num-events 1 --format '%e %l' button");
                guest.run("until [ -s " + monitor.outputFile() + " ]; do sleep 0.1; done", LONG).success();
                board.line("button").drive(true);
                assertEquals("1 button", monitor.finish(LONG).success().lines().skip(1).findFirst().orElseThrow());
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"split", "packed"})
    void parts_on_a_bus_are_found_and_used(String ring, GuestReport.Row row) throws Exception {
        row.with("vhost-user", ring, 1);
        I2cBoard board = new I2cBoard();
        try (SharedDirectory shared = SharedDirectory.create()) {
            serve(board.device(), shared, ring, machine(shared, "i2c-" + ring, GuestPrograms.BOARD,
                "vhost-user-i2c-pci" + packed(ring)), guest -> new I2cWork(guest, board).probe());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"split", "packed"})
    void a_card_plays_and_records(String ring, GuestReport.Row row) throws Exception {
        row.with("vhost-user", ring, 4);
        Wiring wiring = new Wiring(Wiring.Bus.PCI, Wiring.Ring.valueOf(ring.toUpperCase(Locale.ROOT)), 1);
        try (SharedDirectory shared = SharedDirectory.create();
             ExchangeDisk disk = ExchangeDisk.serve(shared, wiring)) {
            GuestSoundCard card = new GuestSoundCard(shared);
            serve(card.device(), shared, ring, disk.plugInto(machine(shared, "sound-" + ring, GuestPrograms.SOUND,
                "vhost-user-test-device-pci,virtio-id=25,num_vqs=4,config_size=16" + packed(ring))), guest -> {
                SoundWork work = new SoundWork(guest, card, disk);
                work.wavFile();
                work.tone();
            });
        }
    }

    /** QEMU has a memory device of its own only; its front-end for devices of any kind takes ours. */
    @ParameterizedTest
    @ValueSource(strings = {"split", "packed"})
    void memory_grows_and_shrinks(String ring, GuestReport.Row row) throws Exception {
        row.with("vhost-user", ring, 1);
        MemDevice memory = MemDevice.of(ServedMemory.BASE * MIB, ServedMemory.REGION * MIB)
            .blockSize(2 * MIB).release(new LinuxPageRelease()).build();
        try (SharedDirectory shared = SharedDirectory.create()) {
            LinuxGuest.Builder machine = ServedMemory.machine(machine(shared, "memory-" + ring, GuestPrograms.DISK,
                "vhost-user-test-device-pci,virtio-id=24,num_vqs=1,config_size=56" + packed(ring)));
            serve(memory, shared, ring, machine, guest -> {
                long small = guest.memory("MemTotal");
                request(memory, 256);
                assertEquals(small + 256 * MIB, guest.memory("MemTotal"), 8 * MIB);
                guest.run("mkdir -p /m && mount -t tmpfs -o size=600m none /m && "
                    + "head -c 200000000 /dev/zero > /m/file", LONG).success();
                long held = guest.residentBytes();
                guest.run("rm /m/file").success();
                request(memory, 0);
                assertEquals(small, guest.memory("MemTotal"), 8 * MIB);
                long given = (held - guest.residentBytes()) / MIB;
                assertTrue(given >= 64, "the host has it again: MiB=" + given);
                row.note(given + " MiB given back");
            });
        }
    }

    private static void request(MemDevice memory, int mebibytes) {
        memory.requestSize(mebibytes * MIB);
        Waiting.until("plugged MiB=" + mebibytes, LONG, () -> memory.pluggedSize() == mebibytes * MIB);
    }
}
