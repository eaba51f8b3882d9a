// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.virtio4j.core.device.ConfigSpace;
import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.device.Counters;
import io.virtio4j.core.device.DeviceClock;
import io.virtio4j.core.device.DeviceContext;
import io.virtio4j.core.device.DeviceType;
import io.virtio4j.core.device.Feature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.queue.QueueCounters;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.net.backend.NetBackend;
import io.virtio4j.net.packet.NetHeaderLayout;
import io.virtio4j.net.packet.OffloadSet;
import io.virtio4j.net.packet.PacketHeaders;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A network card. [Device Types / Network Device]
 *
 * <pre>{@code
 * NetDevice card = new NetDevice(backend);
 * NetDevice large = NetDevice.of(backend).mac(MacAddress.of("52:54:00:12:34:56")).queuePairs(4).build();
 * }</pre>
 *
 * <p>What the driver leaves to the device (checksums, segmentation) and the backend does not do, the device
 * does in software; likewise what a sender left to do for a packet that the driver does not want like that.
 *
 * <p>A device may be used by one instance at a time. It does not close its backend.
 */
public final class NetDevice implements VirtioDevice {

    /** The longest packet: Ethernet with two tags, an IPv6 header, and all that its length can say. */
    static final int MOST_PACKET = 14 + 2 * 4 + 40 + 65535;

    private static final Logger LOG = LoggerFactory.getLogger(NetDevice.class);
    private static final int SAVED_VERSION = 1;
    private static final int LEAST_CONTROL_QUEUE = 64;
    private static final int USUAL_PACKET = 1514;
    private static final int NONE = -1;

    private final NetOptions options;
    private final NetBackend backend;
    private final CounterTable<NetCounter> counters;
    private final ConfigSpace config;
    private final AtomicReferenceArray<@Nullable ReceiveQueue> receiveQueues;
    private final AtomicReferenceArray<@Nullable TransmitQueue> transmitQueues;
    private final AtomicReferenceArray<@Nullable VirtQueue> rings;
    private final FlowTable flows = new FlowTable();
    private final ControlState control;
    private final ReceivePort port;
    private final AtomicInteger telling = new AtomicInteger();
    private final AtomicBoolean failureLogged = new AtomicBoolean();

    private volatile boolean linkUp = true;

    // What the driver chose, as far as others than the control queue look at it.
    private volatile FeatureSet accepted = FeatureSet.NONE;
    private volatile boolean running;
    private volatile int headerSize = NetHeaderLayout.SIZE;
    private volatile int mtuNegotiated;
    private volatile OffloadSet driverTakes = OffloadSet.NONE;
    private volatile ReceiveFilter filter = ReceiveFilter.OPEN;
    private volatile Steering steering;

    /** Creates a device with what suits the backend; {@link #of} has choices. */
    public NetDevice(NetBackend backend) {
        this(of(backend));
    }

    private NetDevice(NetDeviceBuilder from) {
        this(from.options());
    }

    NetDevice(NetOptions from) {
        options = from;
        backend = from.backend();
        counters = CounterTable.rows(from.queuePairs(), NetCounter.class);
        receiveQueues = new AtomicReferenceArray<>(from.queuePairs());
        transmitQueues = new AtomicReferenceArray<>(from.queuePairs());
        rings = new AtomicReferenceArray<>(2 * from.queuePairs() + 1);
        control = new ControlState(from);
        steering = control.steering(accepted, flows);
        config = from.newConfig();
        config.set(fields -> NetConfig.STATUS.set(fields, 0, status(false)));
        port = new ReceivePort(this);
        backend.attach(port);
    }

    /** Begins a device with choices. */
    public static NetDeviceBuilder of(NetBackend backend) {
        return new NetDeviceBuilder(backend);
    }

    // ── Device ID ──────────────────────────────────────────────────────────

    @Override
    public DeviceType type() {
        return DeviceType.NETWORK;
    }

    // ── Virtqueues ─────────────────────────────────────────────────────────

    @Override
    public List<QueueSpec> queues() {
        List<QueueSpec> specs = new ArrayList<>();
        for (int pair = 1; pair <= options.queuePairs(); pair++) {
            specs.add(new QueueSpec("receiveq" + pair, options.queueSize()));
            specs.add(new QueueSpec("transmitq" + pair, options.queueSize()));
        }
        if (options.offers(NetFeature.CTRL_VQ)) {
            // As large as the others: a front-end of vhost-user cannot ask, and gives all rings one size.
            specs.add(new QueueSpec("controlq", Math.max(LEAST_CONTROL_QUEUE, options.queueSize())));
        }
        return specs;
    }

    private boolean usesPairs() {
        return accepted.has(NetFeature.MQ) || accepted.has(NetFeature.RSS);
    }

    /** > 2N [...] N is set by max_virtqueue_pairs if MQ or RSS was negotiated, or 1; or -1. */
    int controlIndex() {
        return accepted.has(NetFeature.CTRL_VQ) ? 2 * (usesPairs() ? options.queuePairs() : 1) : NONE;
    }

    /** How many queues mean something with what was negotiated. */
    int queuesInUse() {
        return 2 * (usesPairs() ? options.queuePairs() : 1) + (accepted.has(NetFeature.CTRL_VQ) ? 1 : 0);
    }

    // ── Feature bits ───────────────────────────────────────────────────────

    @Override
    public FeatureSet offeredFeatures() {
        return options.features();
    }

    @Override
    public List<? extends Feature> features() {
        List<Feature> features = new ArrayList<>(List.of(NetFeature.values()));
        if (options.controlledByFrontEnd()) {
            features.replaceAll(feature -> feature == NetFeature.MQ ? NetFeature.MQ_OF_FRONT_END : feature);
        }
        return features;
    }

    FeatureSet negotiated() {
        return accepted;
    }

    // ── Device configuration layout ────────────────────────────────────────

    @Override
    public ConfigSpace configSpace() {
        return config;
    }

    /** The address that the driver has now. */
    public MacAddress mac() {
        return new MacAddress(config.get(fields -> {
            long value = 0;
            for (int i = 0; i < MacAddress.LENGTH; i++) {
                value = value << 8 | fields.get(JAVA_BYTE, NetConfig.MAC + i) & 0xFF;
            }
            return value;
        }));
    }

    /** Whether the link is up. */
    public boolean isLinkUp() {
        return linkUp;
    }

    /** Plugs or unplugs the cable, and tells the driver. No packet passes while it is down. Any thread. */
    public synchronized void setLinkUp(boolean up) {
        if (up != linkUp) {
            linkUp = up;
            changeStatus(fields -> up ? fields | NetConfig.S_LINK_UP : fields & ~NetConfig.S_LINK_UP);
        }
    }

    private interface StatusChange {
        int apply(int status);
    }

    private void changeStatus(StatusChange change) {
        if (options.offers(NetFeature.STATUS)) {
            config.update(fields ->
                    NetConfig.STATUS.set(fields, 0, change.apply(NetConfig.STATUS.get(fields, 0))));
        }
    }

    private int status(boolean announce) {
        boolean shown = options.offers(NetFeature.STATUS);
        return (shown && linkUp ? NetConfig.S_LINK_UP : 0) | (announce ? NetConfig.S_ANNOUNCE : 0);
    }

    // ── Device Initialization ──────────────────────────────────────────────

    @Override
    public @Nullable String negotiate(FeatureSet features) {
        accepted = features;
        headerSize = headerSize(features);
        mtuNegotiated = features.has(NetFeature.MTU) ? options.mtu() : 0;
        control.reset(features);
        takeUpControl();
        return null;
    }

    /** > consider all the fields inclusive up to [Setting Up Receive Buffers] */
    private static int headerSize(FeatureSet features) {
        if (features.has(NetFeature.OUT_NET_HEADER)) {
            return NetHeaderLayout.SIZE_WITH_OUTER;
        }
        // The text forgets that a driver may receive what it cannot send.
        if (features.has(NetFeature.HOST_UDP_TUNNEL_GSO) || features.has(NetFeature.GUEST_UDP_TUNNEL_GSO)) {
            return NetHeaderLayout.SIZE_WITH_TUNNEL;
        }
        return features.has(NetFeature.HASH_REPORT) ? NetHeaderLayout.SIZE_WITH_HASH : NetHeaderLayout.SIZE;
    }

    private void takeUpControl() {
        filter = control.filter(accepted);
        steering = control.steering(accepted, flows);
        driverTakes = Offloads.set(control.offloads);
    }

    @Override
    public void activate(DeviceContext context) {
        running = true;
        tellBackend();
    }

    private void tellBackend() {
        guarded(() -> backend.driverTakes(driverTakes));
        guarded(() -> backend.queuePairs(running ? steering.pairs() : 0));
    }

    @Override
    public QueueHandler startQueue(VirtQueue queue, DeviceContext context) {
        int index = queue.index();
        rings.set(index, queue);
        if (index == controlIndex()) {
            return new ControlQueue(this, control);
        }
        if (index >= queuesInUse()) {
            return QueueHandler.unused();
        }
        Coalescing coalescing = new Coalescing(queue, options.clock(), control.coalescing(index));
        if (accepted.has(NetFeature.NOTF_COAL) || accepted.has(NetFeature.VQ_NOTF_COAL)) {
            queue.moderate(coalescing);
        }
        int pair = index / 2;
        if (index % 2 == 0) {
            ReceiveQueue started = new ReceiveQueue(this, queue, pair, coalescing);
            receiveQueues.set(pair, started);
            countPairs();
            return started;
        }
        TransmitQueue started = new TransmitQueue(this, queue, pair, coalescing);
        transmitQueues.set(pair, started);
        return started;
    }

    @Override
    public void stopQueue(VirtQueue queue) {
        int index = queue.index();
        rings.set(index, null);
        if (index >= 2 * options.queuePairs()) {
            return;
        }
        ReceiveQueue receiving = index % 2 == 0 ? receiveQueues.getAndSet(index / 2, null) : null;
        if (receiving != null) {
            countPairs();
            receiving.stop();
        }
        TransmitQueue transmitting = index % 2 != 0 ? transmitQueues.getAndSet(index / 2, null) : null;
        if (transmitting != null) {
            transmitting.stop();
        }
        // > Upon disabling and re-enabling a [...] virtqueue, the device MUST set the coalescing parameters
        // > [...] to those configured through the VIRTIO_NET_CTRL_NOTF_COAL_[RT]X_SET command
        control.coalescing.remove(index);
    }

    /** A front-end that has the control queue says which pairs are used by those that run. */
    private void countPairs() {
        if (options.controlledByFrontEnd()) {
            int pairs = options.queuePairs();
            while (pairs > 1 && receiveQueues.get(pairs - 1) == null) {
                pairs--;
            }
            if (pairs != control.pairs) {
                control.pairs = pairs;
                steering = control.steering(accepted, flows);
                tellBackend();
            }
        }
    }

    @Override
    public void reset() {
        running = false;
        accepted = FeatureSet.NONE;
        headerSize = NetHeaderLayout.SIZE;
        mtuNegotiated = 0;
        flows.clear();
        control.reset(FeatureSet.NONE);
        takeUpControl();
        showControl(false);
        tellBackend();
        receiveReady(); // what waits for room would wait in vain
    }

    private void showControl(boolean announce) {
        config.set(fields -> {
            if (options.offers(NetFeature.MAC)) {
                NetOptions.setMac(fields, new MacAddress(control.mac));
            }
            NetConfig.STATUS.set(fields, 0, status(announce));
        });
    }

    // ── Device Operation ───────────────────────────────────────────────────

    NetOptions options() {
        return options;
    }

    NetBackend backend() {
        return backend;
    }

    DeviceClock clock() {
        return options.clock();
    }

    int backlog() {
        return options.backlog();
    }

    int headerSize() {
        return headerSize;
    }

    /** The MTU, if it was negotiated; otherwise 0. */
    int mtuNegotiated() {
        return mtuNegotiated;
    }

    /** The longest packet that a receive buffer should have room for. [Setting Up Receive Buffers] */
    int regularPacket() {
        FeatureSet large = FeatureSet.of(NetFeature.GUEST_TSO4, NetFeature.GUEST_TSO6, NetFeature.GUEST_UFO,
                NetFeature.GUEST_USO4, NetFeature.GUEST_USO6);
        return accepted.intersection(large).isEmpty()
                ? Math.max(USUAL_PACKET, mtuNegotiated + PacketHeaders.ETHERNET_LENGTH) : MOST_PACKET;
    }

    OffloadSet driverTakes() {
        return driverTakes;
    }

    ReceiveFilter filter() {
        return filter;
    }

    Steering steering() {
        return steering;
    }

    /** Whether packets pass at all. */
    boolean isPassing() {
        return running && linkUp;
    }

    @Nullable ReceiveQueue receiveQueue(int pair) {
        return receiveQueues.get(pair);
    }

    /** The backend can be written again. */
    void writable(int pair) {
        TransmitQueue queue = pair >= 0 && pair < options.queuePairs() ? transmitQueues.get(pair) : null;
        if (queue != null) {
            queue.wake();
        }
    }

    /** Tells the backend that there is room again; by one thread at a time. */
    void receiveReady() {
        int told = telling.getAndIncrement();
        if (told != 0) {
            return; // whoever tells it now does so once more
        }
        int seen;
        do {
            seen = telling.get();
            guarded(backend::receiveReady);
        } while (!telling.compareAndSet(seen, 0));
    }

    private void guarded(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException e) {
            backendFailed(e);
        }
    }

    /** The backend broke its contract. The first time is logged. */
    void backendFailed(RuntimeException cause) {
        if (failureLogged.compareAndSet(false, true)) {
            LOG.error("backend failed: backend={}", backend, cause);
        }
    }

    @Override
    public Counters<NetCounter> counters() {
        return counters;
    }

    /** The same, to count in. */
    CounterTable<NetCounter> counts() {
        return counters;
    }

    @Nullable QueueCounters ringCounters(int queue) {
        VirtQueue ring = rings.get(queue);
        return ring == null ? null : ring.counters();
    }

    // ── Control Virtqueue ──────────────────────────────────────────────────

    void filterChanged() {
        filter = control.filter(accepted);
    }

    void addressChanged() {
        if (accepted.has(NetFeature.MAC)) {
            config.set(fields -> NetOptions.setMac(fields, new MacAddress(control.mac)));
        }
        filterChanged();
    }

    void steeringChanged() {
        steering = control.steering(accepted, flows);
        guarded(() -> backend.queuePairs(steering.pairs()));
    }

    void offloadsChanged() {
        driverTakes = Offloads.set(control.offloads);
        guarded(() -> backend.driverTakes(driverTakes));
    }

    /** The parameters of a queue that is enabled, or {@code null}. */
    @Nullable Coalescing coalescing(int queue) {
        if (queue >= 2 * options.queuePairs()) {
            return null;
        }
        ReceiveQueue receiving = queue % 2 == 0 ? receiveQueues.get(queue / 2) : null;
        TransmitQueue transmitting = queue % 2 != 0 ? transmitQueues.get(queue / 2) : null;
        return receiving != null ? receiving.coalescing()
                : transmitting != null ? transmitting.coalescing() : null;
    }

    /** Whether a receive queue runs, of this pair or one behind it. */
    boolean isReceivingFrom(int pair) {
        for (int i = pair; i < options.queuePairs(); i++) {
            if (receiveQueues.get(i) != null) {
                return true;
            }
        }
        return false;
    }

    /** Has receive queues left, from this pair on. */
    void leaveFrom(int pair, PairsChange change) {
        for (int i = pair; i < options.queuePairs(); i++) {
            ReceiveQueue queue = receiveQueues.get(i);
            if (queue != null) {
                queue.leave(change);
            }
        }
    }

    /**
     * Asks the driver to send gratuitous packets, so that the network learns where it is: after a migration,
     * which does that by itself, or when the network behind the backend is another. Any thread.
     *
     * @return whether the driver can be asked
     */
    public boolean announce() {
        if (!running || !accepted.has(NetFeature.GUEST_ANNOUNCE) || !accepted.has(NetFeature.STATUS)) {
            return false;
        }
        changeStatus(status -> status | NetConfig.S_ANNOUNCE);
        return true;
    }

    /** > the device MUST clear the VIRTIO_NET_S_ANNOUNCE bit [Gratuitous Packet Sending] */
    void announced() {
        config.set(fields -> NetConfig.STATUS.set(
                fields, 0, NetConfig.STATUS.get(fields, 0) & ~NetConfig.S_ANNOUNCE));
    }

    // ── State ──────────────────────────────────────────────────────────────

    @Override
    public void save(StateWriter out) {
        out.le16(SAVED_VERSION).le16(options.queuePairs());
        control.save(out);
    }

    @Override
    public void restore(StateReader in) {
        int version = in.le16();
        int pairs = in.le16();
        if (version != SAVED_VERSION || pairs != options.queuePairs()) {
            throw new StateException("saved network device is another: version=" + version + " pairs=" + pairs
                    + " expected=" + options.queuePairs());
        }
        try {
            control.restore(in, accepted);
            in.end();
        } catch (RuntimeException e) {
            control.reset(accepted);
            throw e;
        }
        takeUpControl();
        // > this is usually done after the guest has been physically migrated [Gratuitous Packet Sending]
        showControl(accepted.has(NetFeature.GUEST_ANNOUNCE) && accepted.has(NetFeature.STATUS));
    }

    @Override
    public String toString() {
        return "NetDevice[" + mac() + (linkUp ? "" : " link down") + "]";
    }
}
