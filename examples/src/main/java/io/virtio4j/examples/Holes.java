// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples;

import io.virtio4j.blk.BlockDevice;
import io.virtio4j.blk.FileBackend;
import io.virtio4j.blk.linux.LinuxHolePuncher;
import java.io.IOException;
import java.nio.file.Path;

/** A disk whose discards give storage back to the host. */
final class Holes {

    private Holes() {}

    static BlockDevice disk(Path image) throws IOException {
        // tag::holes[]
        FileBackend backend = LinuxHolePuncher.openBackend(image);
        BlockDevice disk = new BlockDevice(backend);
        // end::holes[]
        return disk;
    }
}
