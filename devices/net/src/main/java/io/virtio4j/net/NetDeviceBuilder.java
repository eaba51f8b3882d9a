// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.virtio4j.core.device.DeviceClock;
import io.virtio4j.core.device.Feature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.queue.QueueConfig;
import io.virtio4j.net.backend.NetBackend;
import org.jspecify.annotations.Nullable;

/** The choices for a {@link NetDevice}; each has a default that suits most. */
public final class NetDeviceBuilder {

    private static final int LEAST_MTU = 68;
    private static final int MOST_PAIRS = 4096;
    private static final long UNKNOWN_SPEED = 0xFFFF_FFFFL;

    private final NetBackend backend;
    private @Nullable MacAddress mac;
    private @Nullable Integer mtu;
    private int queuePairs = 1;
    private boolean controlledByFrontEnd;
    private int queueSize = QueueSpec.DEFAULT_SIZE;
    private @Nullable Long speed;
    private Duplex duplex = Duplex.UNKNOWN;
    private boolean standby;
    private int rssContexts = 16;
    private int backlog = 256;
    private int macTable = 64;
    private DeviceClock clock = DeviceClock.system();
    private FeatureSet unwanted = FeatureSet.NONE;

    NetDeviceBuilder(NetBackend backend) {
        this.backend = backend;
    }

    /** The address of the device. Default: a random one. */
    public NetDeviceBuilder mac(MacAddress address) {
        mac = address;
        return this;
    }

    /**
     * Offers MTU: the most bytes behind the Ethernet header, 68 to 65535, and better 1280 or more. Longer
     * packets are not passed to the driver. Default: what the backend says, or not offered.
     */
    public NetDeviceBuilder mtu(int bytes) {
        mtu = bytes;
        return this;
    }

    /** How many pairs of queues there are; with more than one, MQ and RSS are offered. Default: 1. */
    public NetDeviceBuilder queuePairs(int count) {
        queuePairs = count;
        return this;
    }

    /**
     * For a front-end of vhost-user that answers the control queue itself, as QEMU's and DPDK's do: there is no
     * control queue, and as many pairs are used as have a receive queue that runs, which such a front-end stops
     * and starts as its driver wishes. Default: the driver controls the device.
     */
    public NetDeviceBuilder controlledByFrontEnd() {
        controlledByFrontEnd = true;
        return this;
    }

    /** The largest size of a queue. Default: {@value QueueSpec#DEFAULT_SIZE}. */
    public NetDeviceBuilder queueSize(int entries) {
        queueSize = entries;
        return this;
    }

    /**
     * Offers SPEED_DUPLEX. The device does not slow down to it. Default: not offered.
     *
     * @param mbitPerSecond 0 to 2^31 - 1, or -1 if it is not known
     */
    public NetDeviceBuilder speed(long mbitPerSecond, Duplex newDuplex) {
        speed = mbitPerSecond;
        duplex = newDuplex;
        return this;
    }

    /** Offers STANDBY: the driver may use another device with the same address before this one. Default: no. */
    public NetDeviceBuilder standby(boolean on) {
        standby = on;
        return this;
    }

    /** How many RSS contexts the driver may have, offered with RSS; 0 for none. Default: 16. */
    public NetDeviceBuilder rssContexts(int count) {
        rssContexts = count;
        return this;
    }

    /**
     * How many packets may wait for buffers of the driver, for each receive queue; a power of two. Each may
     * have 64 KiB. Default: 256.
     */
    public NetDeviceBuilder backlog(int packets) {
        backlog = packets;
        return this;
    }

    /**
     * How many unicast and how many multicast addresses the driver can filter by; if it wants more, it
     * receives all. Default: 64 each.
     */
    public NetDeviceBuilder macTable(int entries) {
        macTable = entries;
        return this;
    }

    /** The time. Default: the system's. */
    public NetDeviceBuilder clock(DeviceClock newClock) {
        clock = newClock;
        return this;
    }

    /**
     * Does not offer these features, nor what requires them. Default: all are offered that the choices above
     * have a meaning for.
     */
    public NetDeviceBuilder without(NetFeature... features) {
        unwanted = unwanted.union(FeatureSet.of((Feature[]) features));
        return this;
    }

    /** Makes the device; choices that contradict each other are refused. */
    public NetDevice build() {
        return new NetDevice(options());
    }

    // ── Checking ───────────────────────────────────────────────────────────

    NetOptions options() {
        int chosenMtu = mtu != null ? mtu : backend.mtu();
        check(mtu == null && chosenMtu == 0 || chosenMtu >= LEAST_MTU && chosenMtu <= 0xFFFF,
                "mtu has to be 68 to 65535: mtu=" + chosenMtu);
        check(queuePairs >= 1 && queuePairs <= MOST_PAIRS,
                "queuePairs has to be 1 to " + MOST_PAIRS + ": queuePairs=" + queuePairs);
        check(queueSize >= 2 && queueSize <= QueueConfig.LARGEST_SIZE,
                "queueSize has to be 2 to " + QueueConfig.LARGEST_SIZE + ": queueSize=" + queueSize);
        check(speed == null || speed >= -1 && speed <= Integer.MAX_VALUE,
                "speed has to be 0 to 2^31 - 1, or -1: speed=" + speed);
        check(rssContexts >= 0 && rssContexts <= 0xFFFF,
                "rssContexts has to be 0 to 65535: rssContexts=" + rssContexts);
        check(backlog >= 2 && backlog <= 1 << 16 && Integer.bitCount(backlog) == 1,
                "backlog has to be a power of two from 2 to 65536: backlog=" + backlog);
        check(macTable >= 1 && macTable <= 4096, "macTable has to be 1 to 4096: macTable=" + macTable);
        MacAddress address = mac == null ? MacAddress.random() : mac;
        check(!address.isGroup() && address.value() != 0,
                "mac has to be the address of one station: mac=" + address);
        long mbit = speed == null || speed < 0 ? UNKNOWN_SPEED : speed;
        return new NetOptions(backend, address, chosenMtu, queuePairs, controlledByFrontEnd,
                queueSize, features(chosenMtu), mbit,
                duplex, rssContexts, backlog, macTable, clock);
    }

    private static void check(boolean fits, String otherwise) {
        if (!fits) {
            throw new IllegalArgumentException(otherwise);
        }
    }

    private FeatureSet features(int chosenMtu) {
        FeatureSet set = FeatureSet.of(NetFeature.values());
        set = withoutUnless(set, chosenMtu != 0, NetFeature.MTU);
        set = withoutUnless(set, queuePairs > 1, NetFeature.MQ);
        set = withoutUnless(set, queuePairs > 1, NetFeature.RSS);
        set = withoutUnless(set, speed != null, NetFeature.SPEED_DUPLEX);
        set = withoutUnless(set, standby, NetFeature.STANDBY);
        set = withoutUnless(set, rssContexts > 0, NetFeature.RSS_CONTEXT);
        set = withoutUnless(set, !controlledByFrontEnd, NetFeature.CTRL_VQ);
        set = set.minus(unwanted);
        boolean mayUsePairs = set.has(NetFeature.MQ);
        // > SHOULD NOT offer [...] if it does not offer VIRTIO_NET_F_CTRL_VQ. [Device configuration layout]
        if (!set.has(NetFeature.CTRL_VQ)) {
            set = set.without(NetFeature.HASH_REPORT).without(NetFeature.CTRL_RX_EXTRA)
                    .without(NetFeature.CTRL_GUEST_OFFLOADS).without(NetFeature.DEVICE_STATS);
        }
        set = withoutUnsatisfied(set);
        return controlledByFrontEnd && mayUsePairs ? set.with(NetFeature.MQ) : set;
    }

    private static FeatureSet withoutUnless(FeatureSet set, boolean condition, NetFeature feature) {
        return condition ? set : set.without(feature);
    }

    private static FeatureSet withoutUnsatisfied(FeatureSet features) {
        FeatureSet before;
        FeatureSet set = features;
        do {
            before = set;
            for (NetFeature feature : NetFeature.values()) {
                if (set.has(feature) && !feature.isSatisfiedBy(set)) {
                    set = set.without(feature);
                }
            }
        } while (!set.equals(before));
        return set;
    }
}
