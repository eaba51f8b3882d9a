// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.core.device.Feature;

/** Feature bits of the file system device. [File System Device / Feature bits] */
public enum FsFeature implements Feature {
    /** The device tells the driver of changes, by FUSE notify messages through a queue of their own. */
    NOTIFICATION(0);

    private final int bit;

    FsFeature(int bit) {
        this.bit = bit;
    }

    @Override
    public int bit() {
        return bit;
    }
}
