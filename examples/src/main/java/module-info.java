// SPDX-License-Identifier: Apache-2.0

/** Examples that the documentation quotes, and the demo. Not published. */
module io.virtio4j.examples {
    requires io.virtio4j.core;
    requires io.virtio4j.blk;
    requires io.virtio4j.blk.linux;
    requires io.virtio4j.balloon;
    requires io.virtio4j.balloon.linux;
    requires io.virtio4j.fs;
    requires io.virtio4j.fs.linux;
    requires io.virtio4j.gpio;
    requires io.virtio4j.gpu;
    requires io.virtio4j.gpu.desktop;
    requires io.virtio4j.mem;
    requires io.virtio4j.net;
    requires io.virtio4j.i2c;
    requires io.virtio4j.i2c.linux;
    requires io.virtio4j.scmi;
    requires io.virtio4j.sound;
    requires io.virtio4j.sound.desktop;
    requires io.virtio4j.transport.mmio;
    requires io.virtio4j.transport.pci;
    requires io.virtio4j.testkit;
    requires java.desktop;
    requires static org.jspecify;
}
