// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import java.util.Collection;

/** The protocol features that a server can offer. [Protocol features] */
public enum ProtocolFeature {
    /** Says how many queues there are. */
    MQ(0),
    /** The log of dirty pages lies in shared memory. */
    LOG_SHMFD(1),
    /** Announces the guest's place after a migration; for network devices. */
    RARP(2),
    /** Any message is acknowledged if the front-end asks for it. */
    REPLY_ACK(3),
    /** Takes the host's MTU; for network devices. */
    NET_MTU(4),
    /** The back-end sends messages too, over a connection of their own. */
    BACKEND_REQ(5),
    /** The configuration space is the back-end's. */
    CONFIG(9),
    /** Chains in work are tracked in memory that outlives the back-end. */
    INFLIGHT_SHMFD(12),
    /** The device can be reset. */
    RESET_DEVICE(13),
    /** Memory comes and goes region by region. */
    CONFIGURE_MEM_SLOTS(15),
    /** The front-end passes device status on. */
    STATUS(16),
    /** The device's state moves with a migration. */
    DEVICE_STATE(19),
    /** The front-end maps the device's shared memory where the driver reaches it. */
    SHMEM(22);

    private final int bit;

    ProtocolFeature(int bit) {
        this.bit = bit;
    }

    /** The number of the bit. */
    public int bit() {
        return bit;
    }

    long mask() {
        return 1L << bit;
    }

    static long mask(Collection<ProtocolFeature> features) {
        return features.stream().mapToLong(ProtocolFeature::mask).reduce(0, (a, b) -> a | b);
    }
}
