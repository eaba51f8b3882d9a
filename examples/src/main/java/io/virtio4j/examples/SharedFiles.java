// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples;

import io.virtio4j.fs.FsDevice;
import io.virtio4j.fs.linux.HostDirectory;
import io.virtio4j.fs.nio.PathBackend;
import io.virtio4j.fs.tree.TreeBackend;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.time.Instant;

/** Files for a guest. */
final class SharedFiles {

    private SharedFiles() {}

    // tag::tree[]
    static FsDevice configuration() {
        TreeBackend tree = TreeBackend.create()
                .file("etc/hostname", "guest\n")
                .computed("host/time", () -> Instant.now().toString().getBytes(StandardCharsets.UTF_8));
        return FsDevice.of("config", tree).readOnly().build();
    }
    // end::tree[]

    // tag::zip[]
    static FsDevice archive(Path jar) throws IOException {
        FileSystem archive = FileSystems.newFileSystem(jar);
        return FsDevice.of("app", PathBackend.of(archive.getPath("/")).closing(archive)).readOnly().build();
    }
    // end::zip[]

    // tag::directory[]
    static FsDevice directory(Path path) throws IOException {
        return FsDevice.of("shared", HostDirectory.open(path)).build();
    }
    // end::directory[]
}
