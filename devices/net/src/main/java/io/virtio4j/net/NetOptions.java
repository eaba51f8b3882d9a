// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.virtio4j.core.device.ConfigSpace;
import io.virtio4j.core.device.DeviceClock;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.net.backend.NetBackend;
import io.virtio4j.net.packet.Tunnel;
import java.lang.foreign.MemorySegment;

/** What a network device was built with, checked. */
record NetOptions(
        NetBackend backend,
        MacAddress mac,
        int mtu,
        int queuePairs,
        boolean controlledByFrontEnd,
        int queueSize,
        FeatureSet features,
        long speed,
        Duplex duplex,
        int rssContexts,
        int backlog,
        int macTable,
        DeviceClock clock) {

    /** {@code supported_tunnel_types}. */
    static final int TUNNEL_TYPES = Tunnel.ALL;

    boolean offers(NetFeature feature) {
        return features.has(feature);
    }

    /** The configuration as it is before a driver came. Fields without their feature are 0. */
    ConfigSpace newConfig() {
        ConfigSpace config = new ConfigSpace(NetConfig.SIZE);
        config.set(fields -> {
            if (offers(NetFeature.MAC)) {
                setMac(fields, mac);
            }
            if (offers(NetFeature.MQ) || offers(NetFeature.RSS)) {
                NetConfig.MAX_VIRTQUEUE_PAIRS.set(fields, 0, queuePairs);
            }
            if (offers(NetFeature.MTU)) {
                NetConfig.MTU.set(fields, 0, mtu);
            }
            if (offers(NetFeature.SPEED_DUPLEX)) {
                NetConfig.SPEED.set(fields, 0, speed);
                NetConfig.DUPLEX.set(fields, 0, duplex.code());
            }
            if (offers(NetFeature.RSS) || offers(NetFeature.HASH_REPORT)) {
                NetConfig.RSS_MAX_KEY_SIZE.set(fields, 0, HashConfig.MAX_KEY);
                NetConfig.SUPPORTED_HASH_TYPES.set(fields, 0, HashConfig.SUPPORTED);
            }
            if (offers(NetFeature.RSS)) {
                NetConfig.RSS_MAX_INDIRECTION_TABLE_LENGTH.set(fields, 0, RssConfig.MAX_TABLE);
            }
            if (offers(NetFeature.HASH_TUNNEL)) {
                NetConfig.SUPPORTED_TUNNEL_TYPES.set(fields, 0, TUNNEL_TYPES);
            }
        });
        return config;
    }

    static void setMac(MemorySegment fields, MacAddress mac) {
        MemorySegment.copy(MemorySegment.ofArray(mac.bytes()), 0, fields, NetConfig.MAC, MacAddress.LENGTH);
    }
}
