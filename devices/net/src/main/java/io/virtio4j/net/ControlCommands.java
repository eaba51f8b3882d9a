// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.queue.ChainWriter;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.net.Coalescing.Parameters;
import org.jspecify.annotations.Nullable;

/**
 * The control commands: each method does one and says whether it could. A reader that ends too early throws.
 * [Control Virtqueue]
 */
final class ControlCommands {

    // class
    private static final int RX = 0;
    private static final int MAC = 1;
    private static final int VLAN = 2;
    private static final int ANNOUNCE = 3;
    private static final int MQ = 4;
    private static final int GUEST_OFFLOADS = 5;
    private static final int NOTF_COAL = 6;
    private static final int HASH_TUNNEL = 7;
    private static final int STATS = 8;
    private static final int RSS_CTX = 9;

    private static final int MOST_VLAN = 4095;

    private final NetDevice device;
    private final ControlState state;
    private final FeatureSet negotiated;
    private final NetOptions options;
    private final StatisticsReply statistics;

    /** Receive queues from this pair on are to be left before the command is answered. */
    private int leaveFrom = Integer.MAX_VALUE;

    ControlCommands(NetDevice device, ControlState state) {
        this.device = device;
        this.state = state;
        this.negotiated = device.negotiated();
        this.options = device.options();
        this.statistics = new StatisticsReply(device);
    }

    /**
     * Does a command.
     *
     * @param in behind class and command
     * @param out behind ack
     * @return whether the answer is OK
     */
    boolean execute(int type, int command, ChainReader in, ChainWriter out) {
        leaveFrom = Integer.MAX_VALUE;
        return switch (type) {
            case RX -> receiveMode(command, in);
            case MAC -> address(command, in);
            case VLAN -> vlan(command, in);
            case ANNOUNCE -> announce(command);
            case MQ -> multiqueue(command, in);
            case GUEST_OFFLOADS -> guestOffloads(command, in);
            case NOTF_COAL -> coalescing(command, in, out);
            case HASH_TUNNEL -> hashTunnel(command, in);
            case STATS -> negotiated.has(NetFeature.DEVICE_STATS) && statistics.answer(command, in, out);
            case RSS_CTX -> rssContext(command, in, out);
            default -> false;
        };
    }

    /** The answer OK is written: the buffer can be used, now or when the command took effect. */
    void answered(DescriptorChain chain) {
        if (leaveFrom >= options.queuePairs() || !device.isReceivingFrom(leaveFrom)) {
            chain.complete();
            return;
        }
        chain.defer();
        // > MUST NOT queue packets on receive queues greater than virtqueue_pairs once it has placed the
        // > VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET command in a used buffer. [Automatic receive steering in
        // > multiqueue mode]
        PairsChange change = new PairsChange(chain);
        device.leaveFrom(leaveFrom, change);
        change.left();
    }

    // ── Packet Receive Filtering ───────────────────────────────────────────

    private boolean receiveMode(int command, ChainReader in) {
        NetFeature feature =
                command <= ControlState.ALLMULTI ? NetFeature.CTRL_RX : NetFeature.CTRL_RX_EXTRA;
        if (command > ControlState.NOBCAST || !negotiated.has(feature)) {
            return false;
        }
        int on = in.readU8();
        if (on > 1) {
            return false;
        }
        state.modes[command] = on == 1;
        device.filterChanged();
        return true;
    }

    // ── Setting MAC Address Filtering ──────────────────────────────────────

    private boolean address(int command, ChainReader in) {
        return switch (command) {
            case 0 -> negotiated.has(NetFeature.CTRL_RX) && setTable(in);
            case 1 -> negotiated.has(NetFeature.CTRL_MAC_ADDR) && setAddress(in);
            default -> false;
        };
    }

    private boolean setTable(ChainReader in) {
        long[] unicast = readTable(in);
        long[] multicast = readTable(in);
        state.unicast = unicast == null ? new long[0] : unicast;
        state.multicast = multicast == null ? new long[0] : multicast;
        state.unicastOverflow = unicast == null;
        state.multicastOverflow = multicast == null;
        // > MUST update the MAC filtering table before it consumes the [...] command. [Setting MAC Address
        // > Filtering]
        device.filterChanged();
        return true;
    }

    /**
     * Reads one of the two tables; {@code null} if it has more entries than the device keeps. > it can [...]
     * silently switch to allmulti or promiscuous mode if it is given too many addresses.
     */
    private long @Nullable [] readTable(ChainReader in) {
        long entries = in.readLe32();
        if (entries > options.macTable()) {
            in.skip(entries * MacAddress.LENGTH);
            return null;
        }
        long[] table = new long[(int) entries];
        for (int i = 0; i < table.length; i++) {
            table[i] = readAddress(in);
        }
        return table;
    }

    private static long readAddress(ChainReader in) {
        long address = 0;
        for (int i = 0; i < MacAddress.LENGTH; i++) {
            address = address << 8 | in.readU8();
        }
        return address;
    }

    private boolean setAddress(ChainReader in) {
        long address = readAddress(in);
        if (MacAddress.isGroup(address)) {
            return false;
        }
        state.mac = address;
        // > MUST update mac in config space before it consumes the [...] command [Setting MAC Address
        // > Filtering]
        device.addressChanged();
        return true;
    }

    // ── VLAN Filtering ─────────────────────────────────────────────────────

    private boolean vlan(int command, ChainReader in) {
        if (!negotiated.has(NetFeature.CTRL_VLAN) || command > 1) {
            return false;
        }
        int id = in.readLe16();
        if (id > MOST_VLAN) {
            return false;
        }
        long bit = 1L << (id & 63);
        if (command == 0) {
            state.vlans[id >>> 6] |= bit;
        } else {
            state.vlans[id >>> 6] &= ~bit;
        }
        device.filterChanged();
        return true;
    }

    // ── Gratuitous Packet Sending ──────────────────────────────────────────

    private boolean announce(int command) {
        if (!negotiated.has(NetFeature.GUEST_ANNOUNCE) || command != 0) {
            return false;
        }
        device.announced();
        return true;
    }

    // ── Automatic receive steering, Receive-side scaling ───────────────────

    private boolean multiqueue(int command, ChainReader in) {
        return switch (command) {
            case 0 -> negotiated.has(NetFeature.MQ) && setPairs(in.readLe16());
            case 1 -> negotiated.has(NetFeature.RSS) && setRss(RssConfig.read(
                    in, options.queuePairs(), HashConfig.SUPPORTED));
            case 2 -> negotiated.has(NetFeature.HASH_REPORT) && setHash(HashConfig.read(in));
            default -> false;
        };
    }

    private boolean setPairs(int pairs) {
        // > The driver MUST NOT send the command [...] when the device has successfully configured at least
        // > one RSS context. [RSS Context]
        if (pairs < 1 || pairs > options.queuePairs() || !state.contexts.isEmpty()) {
            return false;
        }
        state.pairs = pairs;
        state.steersByTable = false;
        leaveFrom = pairs;
        device.steeringChanged();
        return true;
    }

    private boolean setRss(@Nullable RssConfig config) {
        if (config == null) {
            return false;
        }
        state.rss = config;
        state.hash = config.hash();
        // > defined by the last command sent by the driver. [Device operation in multiqueue mode]
        state.steersByTable = true;
        device.steeringChanged();
        return true;
    }

    private boolean setHash(@Nullable HashConfig config) {
        if (config == null) {
            return false;
        }
        state.hash = config;
        state.steersByTable = false;
        leaveFrom = state.pairs;
        device.steeringChanged();
        return true;
    }

    private boolean hashTunnel(int command, ChainReader in) {
        if (!negotiated.has(NetFeature.HASH_TUNNEL) || command != 0) {
            return false;
        }
        long types = in.readLe32();
        // > any bits in enabled_tunnel_types which are not set in supported_tunnel_types [Inner Header Hash]
        if ((types & ~NetOptions.TUNNEL_TYPES) != 0) {
            return false;
        }
        state.tunnelTypes = (int) types;
        device.steeringChanged();
        return true;
    }

    // ── RSS Context ────────────────────────────────────────────────────────

    private boolean rssContext(int command, ChainReader in, ChainWriter out) {
        if (!negotiated.has(NetFeature.RSS_CONTEXT)) {
            return false;
        }
        switch (command) {
            case 0 -> {
                out.writeLe16(options.rssContexts());
                return true;
            }
            case 1, 2 -> {
                int id = in.readLe16();
                in.skip(6); // reserved
                RssConfig config = RssConfig.read(in, options.queuePairs(), HashConfig.SUPPORTED);
                boolean known = state.contexts.containsKey(id);
                if (config == null || id < 1 || id > options.rssContexts() || known != (command == 2)) {
                    return false;
                }
                state.contexts.put(id, config);
                return true;
            }
            case 3 -> {
                return state.contexts.remove(in.readLe16()) != null;
            }
            default -> {
                return false;
            }
        }
    }

    // ── Offloads State Configuration ───────────────────────────────────────

    private boolean guestOffloads(int command, ChainReader in) {
        if (!negotiated.has(NetFeature.CTRL_GUEST_OFFLOADS) || command != 0) {
            return false;
        }
        long bits = in.readLe64();
        // > MUST NOT enable an offload for which the appropriate feature has not been negotiated. [Setting
        // > Offloads State]
        if ((bits & ~Offloads.mayBeNamed(negotiated)) != 0) {
            return false;
        }
        state.offloads = bits & Offloads.ofDriver(negotiated);
        device.offloadsChanged();
        return true;
    }

    // ── Notifications Coalescing ───────────────────────────────────────────

    private boolean coalescing(int command, ChainReader in, ChainWriter out) {
        NetFeature feature = command <= 1 ? NetFeature.NOTF_COAL : NetFeature.VQ_NOTF_COAL;
        return negotiated.has(feature) && switch (command) {
            case 0 -> setTransmitCoalescing(readParameters(in));
            case 1 -> setReceiveCoalescing(readParameters(in));
            case 2 -> setQueueCoalescing(in);
            case 3 -> getQueueCoalescing(in, out);
            default -> false;
        };
    }

    private static Parameters readParameters(ChainReader in) {
        return new Parameters(in.readLe32(), in.readLe32());
    }

    private boolean setTransmitCoalescing(Parameters parameters) {
        state.transmitCoalescing = parameters;
        return setAllCoalescing(1);
    }

    private boolean setReceiveCoalescing(Parameters parameters) {
        state.receiveCoalescing = parameters;
        return setAllCoalescing(0);
    }

    /** > the device applies the last coalescing parameters set [Notifications Coalescing] */
    private boolean setAllCoalescing(int first) {
        for (int queue = first; queue < 2 * options.queuePairs(); queue += 2) {
            state.coalescing.remove(queue);
            Coalescing running = device.coalescing(queue);
            if (running != null) {
                running.change(state.coalescing(queue));
            }
        }
        return true;
    }

    private boolean setQueueCoalescing(ChainReader in) {
        int queue = in.readLe16();
        in.skip(2); // > The device MUST ignore reserved. [Notifications Coalescing]
        Parameters parameters = readParameters(in);
        // > if the designated virtqueue is not an enabled transmit or receive virtqueue. [Notifications
        // > Coalescing]
        Coalescing running = device.coalescing(queue);
        if (running == null) {
            return false;
        }
        state.coalescing.put(queue, parameters);
        running.change(parameters);
        return true;
    }

    private boolean getQueueCoalescing(ChainReader in, ChainWriter out) {
        int queue = in.readLe16();
        in.skip(2);
        Coalescing running = device.coalescing(queue);
        if (running == null) {
            return false;
        }
        Parameters parameters = running.parameters();
        out.writeLe32(parameters.maxPackets());
        out.writeLe32(parameters.maxUsecs());
        return true;
    }
}
