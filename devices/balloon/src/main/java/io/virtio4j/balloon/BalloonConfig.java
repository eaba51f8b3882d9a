// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.StructLayout;

/** {@code struct virtio_balloon_config}. [Memory Balloon Device / Device configuration layout] */
final class BalloonConfig {

    static final StructLayout LAYOUT = StructLayout.of("virtio_balloon_config");

    static final int ACTUAL_AT = 4;
    static final int POISON_VAL_AT = 12;

    static final Le32 NUM_PAGES = LAYOUT.le32("num_pages"); // how many the device wants in the balloon
    static final Le32 ACTUAL = LAYOUT.le32("actual"); // how many are there, as the driver writes
    static final Le32 FREE_PAGE_HINT_CMD_ID = LAYOUT.le32("free_page_hint_cmd_id");
    static final Le32 POISON_VAL = LAYOUT.le32("poison_val"); // written by the driver

    static final int SIZE = LAYOUT.size(16);

    private BalloonConfig() {}
}
