// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.mem;

import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le64;
import io.virtio4j.core.wire.StructLayout;

/** {@code struct virtio_mem_config}; sizes in bytes. [Memory Device / Device configuration layout] */
final class MemConfig {

    static final StructLayout LAYOUT = StructLayout.of("virtio_mem_config");

    static final Le64 BLOCK_SIZE = LAYOUT.le64("block_size");
    static final Le16 NODE_ID = LAYOUT.le16("node_id"); // with ACPI_PXM
    static final int PADDING = LAYOUT.bytes("padding", 6);
    static final Le64 ADDR = LAYOUT.le64("addr");
    static final Le64 REGION_SIZE = LAYOUT.le64("region_size");
    static final Le64 USABLE_REGION_SIZE = LAYOUT.le64("usable_region_size");
    static final Le64 PLUGGED_SIZE = LAYOUT.le64("plugged_size");
    static final Le64 REQUESTED_SIZE = LAYOUT.le64("requested_size");

    static final int SIZE = LAYOUT.size(56);

    private MemConfig() {}
}
