// SPDX-License-Identifier: Apache-2.0

/** JMH benchmarks and side-by-side runs. */
module io.virtio4j.benchmarks {
    requires io.virtio4j.blk;
    requires io.virtio4j.core;
    requires io.virtio4j.fs;
    requires io.virtio4j.fs.linux;
    requires io.virtio4j.gpu;
    requires io.virtio4j.net;
    requires io.virtio4j.sound;
    requires io.virtio4j.transport.vhostuser;
    requires java.desktop;
    requires jmh.core;
    requires xchart;
    requires static org.jspecify;
}
