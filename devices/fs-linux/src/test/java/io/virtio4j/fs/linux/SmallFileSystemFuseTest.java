// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The contract, and a driver that does anything at all, where a file system of 16 MiB is mounted. Needs root. */
@EnabledOnOs(OS.LINUX)
class SmallFileSystemFuseTest extends HostFuseContract {

    private boolean mounted;

    @Override
    Path place(Path directory) throws Exception {
        Path place = Files.createDirectory(directory.resolve("small"));
        mounted = SmallFileSystem.mount(place, 16 << 20);
        assumeTrue(mounted, "not root: no small file system");
        return place;
    }

    @Override
    void end() throws Exception {
        if (mounted) {
            SmallFileSystem.unmount(temporary.resolve("small"));
        }
    }
}
