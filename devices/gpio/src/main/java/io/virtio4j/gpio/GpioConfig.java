// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio;

import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.StructLayout;

/** {@code struct virtio_gpio_config}. [GPIO Device / Device configuration layout] */
final class GpioConfig {

    static final StructLayout LAYOUT = StructLayout.of("virtio_gpio_config");

    static final Le16 NGPIO = LAYOUT.le16("ngpio");
    static final int PADDING = LAYOUT.bytes("padding", 2); // zero
    static final Le32 GPIO_NAMES_SIZE = LAYOUT.le32("gpio_names_size"); // bytes; 0 without names

    static final int SIZE = LAYOUT.size(8);

    private GpioConfig() {}
}
