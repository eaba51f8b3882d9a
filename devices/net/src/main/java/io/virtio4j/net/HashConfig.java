// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.net.packet.PacketHash;
import org.jspecify.annotations.Nullable;

/**
 * {@code struct virtio_net_hash_config}, checked. [Hash calculation]
 *
 * @param types those that are enabled
 * @param key at most {@link #MAX_KEY} bytes
 */
record HashConfig(int types, byte[] key) {

    /** {@code rss_max_key_size}. > at least 40 [Device configuration layout] */
    static final int MAX_KEY = 40;

    /** {@code supported_hash_types}. */
    static final int SUPPORTED = PacketHash.ALL;

    /** > Initially the device has all hash types disabled [Hash calculation] */
    static final HashConfig NONE = new HashConfig(0, new byte[0]);

    private static final int RESERVED = 8;

    /** Reads the structure; {@code null} if something in it cannot be. */
    static @Nullable HashConfig read(ChainReader in) {
        long types = in.readLe32();
        in.skip(RESERVED); // there are drivers that do not zero it
        byte @Nullable [] key = readKey(in);
        return key == null || (types & ~SUPPORTED) != 0
                ? null : new HashConfig((int) types, key);
    }

    /** Reads {@code hash_key_length} and {@code hash_key_data}; {@code null} if the key is too long. */
    static byte @Nullable [] readKey(ChainReader in) {
        int length = in.readU8();
        if (length > MAX_KEY) {
            return null;
        }
        byte[] key = new byte[length];
        in.read(key);
        return key;
    }

    void save(StateWriter out) {
        out.le32(types).bytes(key);
    }

    static @Nullable HashConfig restore(StateReader in) {
        long types = in.le32();
        byte[] key = in.bytes();
        return (types & ~SUPPORTED) != 0 || key.length > MAX_KEY ? null : new HashConfig((int) types, key);
    }
}
