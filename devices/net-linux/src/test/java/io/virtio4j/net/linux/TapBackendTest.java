// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.virtio4j.host.linux.TapDevice;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The host's own network stack is the peer, in a network namespace of its own: {@link TapHost} runs there.
 * Where that is not allowed, the tests are skipped with the reason.
 */
class TapBackendTest {

    @Test
    @Timeout(120)
    void packets_pass_between_the_driver_and_linux_with_their_offloads() throws Exception {
        assumeTrue(TapDevice.isPresent(), "skipped: /dev/net/tun is not there, or this process may not open it");
        assumeTrue(run("unshare", "--net", "ip", "link", "show").isEmpty(),
                "skipped: a network namespace needs CAP_SYS_ADMIN, and the programs unshare and ip");

        assertEquals("", run("unshare", "--net", Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-cp", classPath(), TapHost.class.getName()));
    }

    @Test
    void a_name_that_cannot_be_one_is_refused() {
        assumeTrue(TapDevice.isPresent(), "skipped: /dev/net/tun is not there, or this process may not open it");
        assertThrows(IllegalArgumentException.class, () -> TapDevice.open("sixteen-letters-", 1));
        assertThrows(IllegalArgumentException.class, () -> TapDevice.open("", 1));
        assertThrows(IllegalArgumentException.class, () -> TapDevice.open("a/b", 1));
        assertThrows(IllegalArgumentException.class, () -> TapDevice.open("tap", 0));
    }

    /** What a program said, if it failed; nothing otherwise. */
    private static String run(String... command) throws Exception {
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException missing) {
            return missing.getMessage();
        }
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            return "still running: " + said;
        }
        return process.exitValue() == 0 ? "" : "exit=" + process.exitValue() + " " + said;
    }

    private static String classPath() throws Exception {
        List<String> paths = new ArrayList<>();
        for (String name : List.of("io.virtio4j.net.linux.TapHost", "io.virtio4j.net.linux.TapBackend",
                "io.virtio4j.net.backend.NetBackend", "io.virtio4j.host.linux.TapDevice",
                "io.virtio4j.core.device.VirtioDevice", "io.netty.buffer.ByteBuf",
                "io.netty.util.ReferenceCounted", "org.slf4j.Logger", "org.slf4j.simple.SimpleLogger")) {
            Class<?> type = Class.forName(name);
            String path = Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
            paths.add(path);
            paths.add(path.replace("test-classes", "classes"));
            paths.add(path.replaceAll("target/classes$", "target/test-classes"));
        }
        return String.join(File.pathSeparator, paths);
    }
}
