// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.net.Coalescing.Parameters;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * What the driver set through the control queue. Changed by that queue's owner alone, or while no queue runs;
 * what others need of it is handed to them as something immutable. [Control Virtqueue]
 */
final class ControlState {

    private static final int VLAN_WORDS = 4096 / 64;

    /** Modes of receiving, by the number of the command. [Packet Receive Filtering] */
    final boolean[] modes = new boolean[6];
    static final int PROMISC = 0;
    static final int ALLMULTI = 1;
    static final int ALLUNI = 2;
    static final int NOMULTI = 3;
    static final int NOUNI = 4;
    static final int NOBCAST = 5;

    long mac;
    long[] unicast = new long[0];
    long[] multicast = new long[0];
    /** There were more addresses than the table has room for: all are let through. */
    boolean unicastOverflow;
    boolean multicastOverflow;
    final long[] vlans = new long[VLAN_WORDS];

    int pairs = 1;
    @Nullable RssConfig rss;
    /** The table of {@link #rss} is in use, instead of automatic steering. */
    boolean steersByTable;
    HashConfig hash = HashConfig.NONE;
    int tunnelTypes;
    final Map<Integer, RssConfig> contexts = new TreeMap<>();

    long offloads;
    // Queues that start and stop use these too.
    volatile Parameters receiveCoalescing = Parameters.NONE;
    volatile Parameters transmitCoalescing = Parameters.NONE;
    /** By queue; empty where the parameters are those of all. */
    final Map<Integer, Parameters> coalescing = new ConcurrentSkipListMap<>();

    private final NetOptions options;

    ControlState(NetOptions options) {
        this.options = options;
        reset(FeatureSet.NONE);
    }

    /** Back to what holds before the driver's first command. */
    void reset(FeatureSet negotiated) {
        Arrays.fill(modes, false);
        mac = options.mac().value();
        // > The device MUST have an empty MAC filtering table on reset. [Setting MAC Address Filtering]
        unicast = new long[0];
        multicast = new long[0];
        unicastOverflow = false;
        multicastOverflow = false;
        Arrays.fill(vlans, 0);
        // > the device MUST queue packets only on receiveq1. [Automatic receive steering in multiqueue mode]
        pairs = 1;
        rss = null;
        steersByTable = false;
        hash = HashConfig.NONE;
        // > or upon the device reset, the device MUST disable the inner header hash [Inner Header Hash]
        tunnelTypes = 0;
        // > Upon reset, the device MUST clear all previously configured RSS contexts. [RSS Context]
        contexts.clear();
        offloads = Offloads.ofDriver(negotiated);
        // > MUST initialize all coalescing parameters to 0. [Notifications Coalescing]
        receiveCoalescing = Parameters.NONE;
        transmitCoalescing = Parameters.NONE;
        coalescing.clear();
    }

    // ── What others use ────────────────────────────────────────────────────

    ReceiveFilter filter(FeatureSet negotiated) {
        if (!negotiated.has(NetFeature.CTRL_RX) && !negotiated.has(NetFeature.CTRL_RX_EXTRA)
                && !negotiated.has(NetFeature.CTRL_VLAN)) {
            return ReceiveFilter.OPEN;
        }
        // A driver that cannot name addresses is not kept from those it may listen to.
        boolean anyAddress = !negotiated.has(NetFeature.CTRL_RX);
        // > When [...] not negotiated, the device MUST accept all VLAN tagged packets. [VLAN Filtering]
        return new ReceiveFilter(
                modes[PROMISC],
                modes[ALLMULTI] || multicastOverflow || anyAddress,
                modes[ALLUNI] || unicastOverflow || anyAddress,
                modes[NOMULTI], modes[NOUNI], modes[NOBCAST], mac, unicast, multicast,
                negotiated.has(NetFeature.CTRL_VLAN) ? vlans : null);
    }

    Steering steering(FeatureSet negotiated, FlowTable flows) {
        RssConfig table = steersByTable ? rss : null;
        boolean hashing = table != null || negotiated.has(NetFeature.HASH_REPORT);
        return new Steering(table != null ? table.pairs() : pairs, table, hash, hashing, tunnelTypes, flows);
    }

    /** The parameters of a queue that starts, or starts again. */
    Parameters coalescing(int queue) {
        return coalescing.getOrDefault(queue, queue % 2 == 0 ? receiveCoalescing : transmitCoalescing);
    }

    // ── Saving ─────────────────────────────────────────────────────────────

    void save(StateWriter out) {
        int bits = 0;
        for (int i = 0; i < modes.length; i++) {
            bits |= modes[i] ? 1 << i : 0;
        }
        out.u8(bits).le64(mac).flag(unicastOverflow).flag(multicastOverflow);
        saveAll(out, unicast);
        saveAll(out, multicast);
        saveAll(out, vlans);
        out.le16(pairs).flag(steersByTable).flag(rss != null);
        if (rss != null) {
            rss.save(out);
        }
        hash.save(out);
        out.le32(tunnelTypes).le16(contexts.size());
        contexts.forEach((id, context) -> context.save(out.le16(id)));
        out.le64(offloads);
        save(out, receiveCoalescing);
        save(out, transmitCoalescing);
        out.le32(coalescing.size());
        coalescing.forEach((queue, parameters) -> save(out.le16(queue), parameters));
    }

    private static void saveAll(StateWriter out, long[] values) {
        out.le16(values.length);
        for (long value : values) {
            out.le64(value);
        }
    }

    private static void save(StateWriter out, Parameters parameters) {
        out.le32(parameters.maxPackets()).le32(parameters.maxUsecs());
    }

    /** Reads a saved state into this fresh one; to be dropped if that fails. */
    void restore(StateReader in, FeatureSet negotiated) {
        int bits = in.u8();
        check(bits >>> modes.length == 0, "modes", bits);
        for (int i = 0; i < modes.length; i++) {
            modes[i] = (bits >>> i & 1) != 0;
        }
        mac = in.le64();
        check(mac >>> 48 == 0, "mac", mac);
        unicastOverflow = in.flag();
        multicastOverflow = in.flag();
        unicast = restoreAll(in, options.macTable());
        multicast = restoreAll(in, options.macTable());
        long[] saved = restoreAll(in, VLAN_WORDS);
        check(saved.length == VLAN_WORDS, "vlans", saved.length);
        System.arraycopy(saved, 0, vlans, 0, VLAN_WORDS);
        restoreSteering(in);
        offloads = in.le64();
        check((offloads & ~Offloads.ofDriver(negotiated)) == 0, "offloads", offloads);
        receiveCoalescing = restoreParameters(in);
        transmitCoalescing = restoreParameters(in);
        int count = in.le32("queues", 0, 2 * options.queuePairs());
        for (int i = 0; i < count; i++) {
            int queue = in.le16();
            check(queue < 2 * options.queuePairs(), "queue", queue);
            coalescing.put(queue, restoreParameters(in));
        }
    }

    private void restoreSteering(StateReader in) {
        pairs = in.le16();
        check(pairs >= 1 && pairs <= options.queuePairs(), "pairs", pairs);
        steersByTable = in.flag();
        rss = in.flag() ? restoreRss(in) : null;
        check(!steersByTable || rss != null, "steering", pairs);
        HashConfig savedHash = HashConfig.restore(in);
        check(savedHash != null, "hash", 0);
        hash = savedHash == null ? HashConfig.NONE : savedHash;
        tunnelTypes = (int) in.le32();
        check((tunnelTypes & ~NetOptions.TUNNEL_TYPES) == 0, "tunnelTypes", tunnelTypes);
        int count = in.le16();
        check(count <= options.rssContexts(), "contexts", count);
        for (int i = 0; i < count; i++) {
            int id = in.le16();
            check(id >= 1 && id <= options.rssContexts(), "context", id);
            contexts.put(id, restoreRss(in));
        }
    }

    private RssConfig restoreRss(StateReader in) {
        RssConfig config = RssConfig.restore(in, options.queuePairs(), HashConfig.SUPPORTED);
        if (config == null) {
            throw new StateException("saved receive-side scaling does not fit: pairs=" + options.queuePairs());
        }
        return config;
    }

    private static long[] restoreAll(StateReader in, int most) {
        int count = in.le16();
        check(count <= most, "table", count);
        long[] values = new long[count];
        for (int i = 0; i < count; i++) {
            values[i] = in.le64();
        }
        return values;
    }

    private static Parameters restoreParameters(StateReader in) {
        return new Parameters(in.le32(), in.le32());
    }

    private static void check(boolean fits, String what, long value) {
        if (!fits) {
            throw new StateException("saved network device does not fit: " + what + "=" + value);
        }
    }
}
