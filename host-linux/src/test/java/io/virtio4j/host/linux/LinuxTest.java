// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LinuxTest {

    @Test
    void is_supported_here() {
        Linux.requireSupported();

        assertTrue(Linux.isSupported());
        assertEquals(0, Linux.pageSize() & Linux.pageSize() - 1);
        assertTrue(Linux.pageSize() >= 4096);
    }

    @Test
    void says_what_it_needs_on_another_system() {
        assertNull(Linux.systemObstacle("Linux", "amd64"));
        assertNull(Linux.systemObstacle("Linux", "aarch64"));
        String need = "host-linux needs Linux on x86-64 or aarch64: ";
        assertEquals(need + "os.name=Mac OS X os.arch=aarch64",
                Linux.systemObstacle("Mac OS X", "aarch64"));
        assertEquals(need + "os.name=Linux os.arch=riscv64",
                Linux.systemObstacle("Linux", "riscv64"));
    }

    /** Run in a JVM of its own that denies native access. */
    static final class Denied {
        public static void main(String[] arguments) throws IOException {
            System.out.println(Linux.isSupported());
            try (EventFd opened = EventFd.create()) {
                System.out.println("opened " + opened);
            } catch (IllegalCallerException denied) {
                System.out.println(denied.getMessage());
            }
        }
    }

    @Test
    void names_the_missing_flag_of_the_class_path() throws Exception {
        String classPath = location(Linux.class) + ":" + location(LinuxTest.class);

        List<String> lines = run("-cp", classPath, Denied.class.getName());

        assertEquals(List.of("false", "native access is denied to host-linux: start the JVM with"
                + " --enable-native-access=ALL-UNNAMED"), lines);
    }

    @Test
    void names_the_missing_flag_of_the_module_path() throws Exception {
        String module = Linux.class.getModule().getName();

        List<String> lines = run("-p", location(Linux.class),
                "--patch-module", module + "=" + location(LinuxTest.class),
                "-m", module + "/" + Denied.class.getName());

        assertEquals(List.of("false", "native access is denied to host-linux: start the JVM with"
                + " --enable-native-access=io.virtio4j.host.linux"), lines);
    }

    /** The directory of a class of either kind: with tests patched in, both are of one module. */
    private static String location(Class<?> type) throws Exception {
        String file = type.getName().replace('.', '/') + ".class";
        Path path = Path.of(type.getResource("/" + file).toURI());
        for (int i = 0; i < Path.of(file).getNameCount(); i++) {
            path = path.getParent();
        }
        return path.toString();
    }

    private static List<String> run(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "--illegal-native-access=deny"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output.lines().toList();
    }
}
