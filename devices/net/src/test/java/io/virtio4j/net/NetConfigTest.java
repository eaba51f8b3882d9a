// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** [Network Device / Device configuration layout] */
class NetConfigTest {

    @Test
    void the_layout_is_the_specifications() {
        String expected = """
                struct virtio_net_config {
                    /*   0 */ u8[6] mac;
                    /*   6 */ le16 status;
                    /*   8 */ le16 max_virtqueue_pairs;
                    /*  10 */ le16 mtu;
                    /*  12 */ le32 speed;
                    /*  16 */ u8 duplex;
                    /*  17 */ u8 rss_max_key_size;
                    /*  18 */ le16 rss_max_indirection_table_length;
                    /*  20 */ le32 supported_hash_types;
                    /*  24 */ le32 supported_tunnel_types;
                }; /* 28 bytes */""";

        assertEquals(expected, NetConfig.LAYOUT.toString());
    }
}
