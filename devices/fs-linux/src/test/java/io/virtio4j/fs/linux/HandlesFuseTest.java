// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.fs.FsDevice;
import io.virtio4j.testkit.fuse.Fuse;
import io.virtio4j.testkit.fuse.FuseDriver;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The contract, with so few descriptors that most files are known by handles. Needs root. */
@EnabledOnOs(OS.LINUX)
class HandlesFuseTest extends SmallFileSystemFuseTest {

    private static final int LIMIT = 12;

    @Override
    HostDirectory.Builder choices(HostDirectory.Builder builder) {
        return builder.limit(LIMIT);
    }

    @Test
    void a_driver_knows_more_files_than_there_are_descriptors() throws Exception {
        HostDirectory backend = choices(HostDirectory.builder(tree())).open();
        try (FsDevice device = FsDevice.of("handles", backend).build();
                FuseDriver fuse = FuseDriver.mount(device)) {
            List<FuseDriver.Entry> known = new ArrayList<>();
            for (int i = 0; i < 4 * LIMIT; i++) {
                known.add(fuse.mkdir(Fuse.ROOT, "d" + i, 0700));
            }

            assertTrue(backend.openDescriptors() <= LIMIT, () -> "descriptors=" + backend.openDescriptors());
            known.forEach(entry -> assertEquals(entry.inode(), fuse.getattr(entry.node()).inode()));
        }
    }
}
