// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.core.wire.U8;

/** {@code struct virtio_net_config}. [Network Device / Device configuration layout] */
final class NetConfig {

    static final StructLayout LAYOUT = StructLayout.of("virtio_net_config");

    static final int MAC = LAYOUT.bytes("mac", MacAddress.LENGTH);
    static final Le16 STATUS = LAYOUT.le16("status");
    static final Le16 MAX_VIRTQUEUE_PAIRS = LAYOUT.le16("max_virtqueue_pairs");
    static final Le16 MTU = LAYOUT.le16("mtu"); // bytes behind the Ethernet header
    static final Le32 SPEED = LAYOUT.le32("speed"); // Mbit/s
    static final U8 DUPLEX = LAYOUT.u8("duplex");
    static final U8 RSS_MAX_KEY_SIZE = LAYOUT.u8("rss_max_key_size");
    static final Le16 RSS_MAX_INDIRECTION_TABLE_LENGTH = LAYOUT.le16("rss_max_indirection_table_length");
    static final Le32 SUPPORTED_HASH_TYPES = LAYOUT.le32("supported_hash_types");
    static final Le32 SUPPORTED_TUNNEL_TYPES = LAYOUT.le32("supported_tunnel_types");

    static final int SIZE = LAYOUT.size(28);

    /** {@link #STATUS}: the link is up. */
    static final int S_LINK_UP = 1;
    /** {@link #STATUS}: the driver is to announce itself. */
    static final int S_ANNOUNCE = 2;

    private NetConfig() {}
}
