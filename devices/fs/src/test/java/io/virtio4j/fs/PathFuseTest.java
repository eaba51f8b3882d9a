// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.fs.nio.PathBackend;
import io.virtio4j.testkit.fuse.FuseContract;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** What no driver gets from a device with a file system of Java, one in memory. */
class PathFuseTest extends FuseContract {

    private final FileSystem memory = Jimfs.newFileSystem(Configuration.unix().toBuilder()
            .setAttributeViews("basic", "owner", "posix", "unix", "user").setMaxSize(16 << 20).build());
    private final Path root = memory.getPath("/root");

    @BeforeEach
    void makeATreeBesideAnother() throws IOException {
        Files.createDirectory(root);
        Files.createDirectory(memory.getPath("/etc"));
        Files.writeString(memory.getPath("/etc/passwd"), "secret");
    }

    @Override
    protected VirtioDevice device(Wanted wanted) throws IOException {
        FsDeviceBuilder device = FsDevice.of("contract", PathBackend.of(root)).maxNodes(wanted.maxNodes())
                .maxHandles(wanted.maxHandles()).requestQueues(2).daxWindow(wanted.window());
        return (wanted.readOnly() ? device.readOnly() : device).build();
    }

    @AfterEach
    void nothingOutsideWasTouched() throws IOException {
        assertEquals("secret", Files.readString(memory.getPath("/etc/passwd")));
        try (var names = Files.list(memory.getPath("/etc"))) {
            assertEquals(1, names.count());
        }
        memory.close();
    }
}
