// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

/** How a zoned disk is to be used: {@code zoned.model}. [Block Device / Device configuration layout] */
public enum ZoneModel {
    /** Drive-managed: zones inside, a disk without zones to the driver. */
    NONE(0),
    /** Host-managed: conventional and sequential-write-required zones. */
    HOST_MANAGED(1),
    /** Host-aware: conventional and sequential-write-preferred zones. */
    HOST_AWARE(2);

    private final int code;

    ZoneModel(int code) {
        this.code = code;
    }

    /** The value on the wire. */
    public int code() {
        return code;
    }
}
