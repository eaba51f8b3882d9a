// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.blk.BlockDevice;
import io.virtio4j.blk.FileBackend;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
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

    private static final Duration LONG = Duration.ofSeconds(400);

    @Test
    void a_device_uses_the_lines_of_a_controller_of_the_host(GuestReport.Row row) throws Exception {
        try (SharedDirectory shared = SharedDirectory.create()) {
            HostImage image = HostImage.create(shared, "java.img", 400L << 20);
            putJava(shared, image);
            Wiring wiring = new Wiring(Wiring.Bus.PCI, Wiring.Ring.SPLIT, 1);
            try (ServedDisk disk = ServedDisk.serve(shared, wiring,
                     BlockDevice.of(FileBackend.open(image.path())));
                 LinuxGuest guest = disk.plugInto(LinuxGuest.builder(shared))
                     .name("host-lines").memory(1024).processors(2).start()) {
                row.with("host", "split", 2);
                guest.run("mount -o ro /dev/vda /mnt").success();
                guest.run("""
                    cd /sys/kernel/config/gpio-sim
                    mkdir -p board/bank0/line0 board/bank0/line2
                    echo 4 > board/bank0/num_lines
                    echo zero > board/bank0/line0/name
                    echo two > board/bank0/line2/name
                    echo 1 > board/live
                    """).success();
                String said = guest.run("""
                    cd /sys/kernel/config/gpio-sim/board
                    chip=$(cat bank0/chip_name)
                    LD_LIBRARY_PATH=/mnt/java/lib /mnt/java/bin/java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC \\
                        --enable-native-access=ALL-UNNAMED -cp '/mnt/classes:/mnt/jars/*' \\
                        io.virtio4j.guest.HostLines /dev/$chip /sys/devices/platform/$(cat dev_name)/$chip
                    """, LONG).success();
                assertTrue(said.endsWith("all lines work"), said);
                guest.powerOff();
                assertEquals(List.of(), guest.complaints());
            }
        }
    }

    /** Makes a disk with a small Java and the classes of this test's modules. */
    private static void putJava(SharedDirectory shared, HostImage image) throws Exception {
        Path root = Files.createDirectory(shared.path("root"));
        List<String> link = new ArrayList<>(List.of(
            Path.of(System.getProperty("java.home"), "bin", "jlink").toString(),
            "--add-modules", "java.base,java.logging,java.management,jdk.management,jdk.jfr,jdk.unsupported",
            "--strip-debug", "--no-man-pages", "--no-header-files",
            "--output", root.resolve("java").toString()));
        Process linking = new ProcessBuilder(link).inheritIO().start();
        assertEquals(0, linking.waitFor(), "jlink");
        Path classes = Files.createDirectory(root.resolve("classes"));
        Path jars = Files.createDirectory(root.resolve("jars"));
        for (String name : List.of("io.virtio4j.guest.HostLines", "io.virtio4j.gpio.linux.ChipBackend",
            "io.virtio4j.gpio.GpioDevice", "io.virtio4j.host.linux.GpioChip", "io.virtio4j.testkit.TestDriver",
            "io.virtio4j.core.device.VirtioDevice", "io.netty.buffer.ByteBuf", "io.netty.util.ReferenceCounted",
            "org.slf4j.Logger", "org.slf4j.simple.SimpleLogger")) {
            Path from = location(Class.forName(name));
            if (Files.isDirectory(from)) {
                copy(from, classes);
            } else {
                Files.copy(from, jars.resolve(from.getFileName().toString()));
            }
        }
        libraries(shared, root.resolve("java").resolve("lib"));
        shared.run("mkfs.ext4", "-q", "-d", shared.inside("root"), image.inside());
    }

    private static Path location(Class<?> type) throws URISyntaxException {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    }

    /** What Java needs of the system and the guest may not have. */
    private static void libraries(SharedDirectory shared, Path to) throws IOException {
        for (String name : List.of("libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libz.so.1")) {
            Path library = shared.tree().resolve("usr/lib/x86_64-linux-gnu").resolve(name);
            if (Files.exists(library)) {
                Files.copy(library, to.resolve(name), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path each : all.toList()) {
                Path target = to.resolve(from.relativize(each).toString());
                if (Files.isDirectory(each)) {
                    Files.createDirectories(target);
                } else if (!each.endsWith("module-info.class")) {
                    Files.copy(each, target, StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
    }
}
