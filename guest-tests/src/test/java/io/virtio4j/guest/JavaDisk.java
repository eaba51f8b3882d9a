// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

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

/** A disk of ours with a small Java and classes of ours, for programs that run inside of a guest. */
record JavaDisk(HostImage image) {

    private static final Duration LONG = Duration.ofSeconds(400);

    /** A class of each module and library that programs always need. */
    private static final List<String> ALWAYS = List.of("io.virtio4j.guest.JavaDisk",
        "io.virtio4j.host.linux.Linux", "io.virtio4j.testkit.TestDriver", "io.virtio4j.core.device.VirtioDevice",
        "io.netty.buffer.ByteBuf", "io.netty.util.ReferenceCounted", "org.slf4j.Logger",
        "org.slf4j.simple.SimpleLogger");

    /**
     * Makes the disk.
     *
     * @param classes of each module and library that is needed, one
     */
    static JavaDisk create(SharedDirectory shared, List<Class<?>> classes) throws Exception {
        HostImage image = HostImage.create(shared, "java.img", 400L << 20);
        Path root = Files.createDirectory(shared.path("root"));
        List<String> link = new ArrayList<>(List.of(
            Path.of(System.getProperty("java.home"), "bin", "jlink").toString(),
            "--add-modules", "java.base,java.logging,java.management,jdk.management,jdk.jfr,jdk.unsupported",
            "--strip-debug", "--no-man-pages", "--no-header-files",
            "--output", root.resolve("java").toString()));
        Process linking = new ProcessBuilder(link).inheritIO().start();
        assertEquals(0, linking.waitFor(), "jlink");
        Path directory = Files.createDirectory(root.resolve("classes"));
        Path jars = Files.createDirectory(root.resolve("jars"));
        List<Class<?>> all = new ArrayList<>(classes);
        for (String name : ALWAYS) {
            all.add(Class.forName(name));
        }
        for (Class<?> type : all) {
            Path from = location(type);
            if (Files.isDirectory(from)) {
                copy(from, directory);
            } else {
                Files.copy(from, jars.resolve(from.getFileName().toString()));
            }
        }
        libraries(shared, root.resolve("java").resolve("lib"));
        shared.run("mkfs.ext4", "-q", "-d", shared.inside("root"), image.inside());
        return new JavaDisk(image);
    }

    /** Serves it, on PCI with a split ring, for slot 3. */
    ServedDisk serve(SharedDirectory shared) throws IOException {
        return ServedDisk.serve(shared, new Wiring(Wiring.Bus.PCI, Wiring.Ring.SPLIT, 1),
            BlockDevice.of(FileBackend.open(image.path())));
    }

    /** Runs a class in a guest that has the disk and has mounted it on {@code /mnt}; the result is what it prints. */
    static String run(LinuxGuest guest, Class<?> main, String arguments) {
        return guest.run("""
            LD_LIBRARY_PATH=/mnt/java/lib /mnt/java/bin/java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC \\
                --enable-native-access=ALL-UNNAMED -cp '/mnt/classes:/mnt/jars/*' %s %s
            """.formatted(main.getName(), arguments), LONG).success();
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
