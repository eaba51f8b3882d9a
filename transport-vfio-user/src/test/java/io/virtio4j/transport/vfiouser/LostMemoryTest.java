// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.Errno;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.host.linux.LinuxFile;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.PciPort;
import io.virtio4j.testkit.RawQueue;
import io.virtio4j.testkit.RawQueue.Raw;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Pages behind a mapping go away, or never come. What may end a process is played in another one, which says
 * at its end that it lives.
 */
class LostMemoryTest {

    private static final long LOST = 0x40_0000_0000L;
    private static final long SIZE = 1 << 20;
    private static final String ALIVE = "alive";

    // ── A file that is sealed ──────────────────────────────────────────────

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("LM-3")
    void a_sealed_file_cannot_be_truncated_during_traffic(RingFormat format) {
        EchoDevice device = new EchoDevice();
        try (DeviceInstance instance = DeviceInstance.of(device).build(); GuestSide.Ram ram = new GuestSide.Ram();
                GuestSide guest = GuestSide.of(instance, ram, builder -> builder)) {
            TestDriver driver = TestDriver.over(
                    guest.port(PciPort.Interrupts.MSIX, PciPort.Window.BARS), ram.ram).start(DriverOptions.of(format));
            for (long size : new long[] {0, 4096, ram.file.segment().byteSize() - 1}) {
                assertEchoes(driver);
                LinuxException refused = assertThrows(LinuxException.class, () -> ram.file.file.truncate(size));
                assertEquals(Errno.EPERM, refused.error());
                assertEchoes(driver);
            }
        }
    }

    private static void assertEchoes(TestDriver driver) {
        Submitted echo = driver.queue(0).exchange(new byte[] {1, 2, 3}, 3);
        assertArrayEquals(echo.readable(), echo.written());
    }

    // ── A file of a client that is trusted ─────────────────────────────────

    /** Truncated by a client that was trusted not to: requests fail as the ring does, and the server lives. */
    @ParameterizedTest
    @EnumSource(RingFormat.class)
    @HostileCase("LM-3")
    void requests_in_a_truncated_file_stop_their_queue_and_nothing_else(RingFormat format) throws Exception {
        assertEquals(List.of(ALIVE), OtherJvm.run(List.of(), LostMemoryTest.class, "truncated", format.name()));
    }

    @Test
    @HostileCase("LM-4")
    void requests_in_a_full_file_system_stop_their_queue_and_nothing_else(@TempDir Path directory) throws Exception {
        assumeTrue(canMount(directory), "unshare(1) may not mount a file system here");

        List<String> lines = OtherJvm.run(
                mounting(directory), LostMemoryTest.class, "full", RingFormat.SPLIT.name(), directory.toString());

        assertEquals(List.of(ALIVE), lines);
    }

    private static boolean canMount(Path directory) throws Exception {
        try {
            List<String> command = new ArrayList<>(mounting(directory));
            command.add("true");
            return new ProcessBuilder(command).start().waitFor() == 0;
        } catch (IOException noSuchCommand) {
            return false;
        }
    }

    /** Runs the rest in a small file system of its own. */
    private static List<String> mounting(Path directory) {
        return List.of("unshare", "--map-root-user", "--mount", "sh", "-c",
                "mount -t tmpfs -o size=64k none \"$0\" && exec \"$@\"", directory.toString());
    }

    // ── The other process ──────────────────────────────────────────────────

    public static void main(String[] arguments) throws Exception {
        RingFormat format = RingFormat.valueOf(arguments[1]);
        DeviceInstance instance = DeviceInstance.of(new EchoDevice())
                .runner(Runner.workerPerDevice(Thread.ofPlatform().daemon().factory())).build();
        try (GuestSide.Ram ram = new GuestSide.Ram();
                GuestSide guest = GuestSide.of(instance, ram, VfioUserServerBuilder::trustMemory)) {
            TestDriver driver = TestDriver.over(
                    guest.port(PciPort.Interrupts.MSIX, PciPort.Window.BARS), ram.ram);
            for (int round = 0; round < 3; round++) {
                for (boolean writable : new boolean[] {true, false}) {
                    LinuxFile lost = arguments[0].equals("full")
                            ? full(Path.of(arguments[2]))
                            : LinuxFile.memory("truncated", SIZE);
                    guest.client.map(3, 0, LOST, SIZE, lost.descriptor());
                    if (arguments[0].equals("truncated")) {
                        lost.truncate(0);
                    }
                    play(driver, format, writable);
                    driver.reset();
                    guest.client.unmap(LOST, SIZE);
                    lost.close();
                    driver.start(DriverOptions.of(format));
                    assertEchoes(driver);
                }
            }
        }
        System.out.println(ALIVE);
        System.exit(0);
    }

    /** A sparse file where there is no room for a page of it. */
    private static LinuxFile full(Path directory) throws LinuxException, IOException {
        LinuxFile sparse = LinuxFile.open(directory.resolve("sparse"), LinuxFile.Option.WRITE, LinuxFile.Option.CREATE);
        sparse.truncate(SIZE);
        try (LinuxFile rest = LinuxFile.open(
                directory.resolve("rest"), LinuxFile.Option.WRITE, LinuxFile.Option.CREATE)) {
            for (long at = 0; ; at += 4096) {
                rest.allocate(at, 4096);
            }
        } catch (LinuxException noSpace) {
            return sparse;
        }
    }

    /** One request whose data lies where no page comes. */
    private static void play(TestDriver driver, RingFormat format, boolean writable) {
        driver.reset().negotiate(DriverOptions.of(format));
        RawQueue queue = RawQueue.enable(driver, 0, 8);
        driver.driverOk();
        GuestBuffer good = driver.ram().allocate(64);
        Raw lost = new Raw(LOST + 128, 64, writable ? RawQueue.WRITE : RawQueue.NEXT);
        queue.chain(writable ? Raw.readable(good) : lost, writable ? lost : Raw.writable(good));
        queue.kick();
        driver.waitFor("device to need a reset", driver::needsReset);
        queue.dispose();
        good.free();
    }
}
