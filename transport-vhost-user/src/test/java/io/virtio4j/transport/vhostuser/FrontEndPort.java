// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static io.virtio4j.core.transport.DeviceStatus.DRIVER_OK;
import static io.virtio4j.core.transport.DeviceStatus.FEATURES_OK;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.EventFd;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.host.linux.Poller;
import io.virtio4j.testkit.DriverPort;
import io.virtio4j.testkit.InterruptProbe;
import io.virtio4j.testkit.NotificationData;
import io.virtio4j.testkit.SharedMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a machine monitor does between a driver and a back-end: it keeps what the protocol does not carry, which
 * is the sizes and states of queues and the configuration's generation, and refuses what it cannot pass on.
 */
final class FrontEndPort implements DriverPort, AutoCloseable {

    /** Where the driver is told that shared memory is: as far apart as regions of a test are long. */
    private static final long SHARED_BASE = 0x40_0000_0000L;

    FrontEnd frontEnd;
    private DeviceInstance device;
    private final Ring[] rings;
    private final InterruptProbe probe = new InterruptProbe();
    private final BackEndMessages channel;
    private final Poller poller;
    private final Thread pump;

    /** Whether device status is passed on; otherwise it is kept here, as most front-ends do. */
    private final boolean passesStatus;

    /** Whether it waits for the device's memory, and only then lets the driver go on. */
    boolean waitsForShared = true;

    /** Called after features were set, and before rings are. */
    Runnable beforeRings = () -> { };

    private int status;
    private long accepted;
    private boolean beyond;
    private int generation;
    private boolean changed;
    private long used;

    /** The lengths of shared memory, as the back-end told them. */
    private final long[] shared = new long[256];

    /** The ids of what the back-end had mapped of it, or tried to, since it works. */
    private final Set<Integer> settled = new HashSet<>();

    private static final class Ring {
        int size;
        long descriptor;
        long driver;
        long device;
        boolean enabled;
        final EventFd kick;
        final EventFd call;

        Ring() {
            try {
                kick = EventFd.create();
                call = EventFd.create();
            } catch (LinuxException e) {
                throw new AssertionError(e);
            }
        }
    }

    FrontEndPort(FrontEnd frontEnd, DeviceInstance device) {
        this(frontEnd, device, true);
    }

    FrontEndPort(FrontEnd frontEnd, DeviceInstance device, boolean passesStatus) {
        this.frontEnd = frontEnd;
        this.passesStatus = passesStatus;
        this.device = device;
        rings = new Ring[device.queueCount()];
        try {
            poller = Poller.open();
            for (int i = 0; i < rings.length; i++) {
                rings[i] = new Ring();
                poller.register(rings[i].call.descriptor(), Poller.READ, events -> collect());
            }
            channel = BackEndMessages.open(frontEnd);
            poller.register(channel.channel.descriptor(), Poller.READ, events -> collect());
        } catch (LinuxException e) {
            throw new AssertionError(e);
        }
        if (frontEnd.has(ProtocolFeature.SHMEM)) {
            frontEnd.call(FrontEnd.GET_SHMEM_CONFIG, new byte[0]).buffer().position(8).asLongBuffer().get(shared);
        }
        pump = Thread.ofPlatform().daemon().name("interrupts").start(this::pump);
    }

    // ── Interrupts ─────────────────────────────────────────────────────────

    private void pump() {
        try {
            while (!poller.isClosed()) {
                poller.poll(-1);
            }
        } catch (IOException closed) {
            // at the end
        }
    }

    /** Under a lock, so that what was signalled is in the probe when this returns, whoever read it. */
    private synchronized void collect() {
        try {
            for (int i = 0; i < rings.length; i++) {
                for (long signals = rings[i].call.tryRead(); signals > 0; signals--) {
                    probe.raise(i);
                    used |= 1L << i;
                }
            }
            boolean more = true;
            while (more && channel.awaitMessage(0)) {
                BackEndMessages.Sent sent = channel.receive();
                more = sent != null;
                if (sent != null) {
                    serve(sent);
                }
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private void serve(BackEndMessages.Sent sent) {
        if (sent.request() == FrontEnd.BACKEND_CONFIG_CHANGE_MSG) {
            generation++;
            changed = true;
            probe.raise(InterruptProbe.CONFIGURATION);
        } else {
            channel.serve(sent);
            settled.add(sent.id());
        }
    }

    /** The device works when this returns, if it has all that it needs: it waits for its memory before. */
    private void awaitShared() {
        boolean works = !passesStatus || (status & DRIVER_OK) != 0;
        if (!works || !waitsForShared || !anyEnabled()) {
            return;
        }
        for (int id = 0; id < shared.length; id++) {
            while (shared[id] != 0 && !settled.contains(id)) {
                assertTrue(channel.awaitMessage(20_000), "shared memory is not mapped: id=" + id);
                collect();
            }
        }
        frontEnd.settle();
    }

    private boolean anyEnabled() {
        for (Ring ring : rings) {
            if (ring.enabled) {
                return true;
            }
        }
        return false;
    }

    @Override
    public InterruptProbe interrupts() {
        settle();
        return probe;
    }

    private synchronized void settle() {
        frontEnd.settle();
        collect();
    }

    @Override
    public synchronized Notifications takeNotifications() {
        settle();
        Notifications taken = new Notifications(changed, used);
        changed = false;
        used = 0;
        return taken;
    }

    // ── Device ─────────────────────────────────────────────────────────────

    @Override
    public int deviceId() {
        return device.type().id();
    }

    @Override
    public synchronized int deviceFeatures(int word) {
        if (word < 0 || word > 1) {
            return 0;
        }
        long offered = frontEnd.get(FrontEnd.GET_FEATURES)
                & ~(FrontEnd.F_PROTOCOL_FEATURES | FrontEnd.F_LOG_ALL);
        return (int) (offered >>> 32 * word);
    }

    @Override
    public synchronized void acceptFeatures(int word, int bits) {
        if (word < 0 || word > 1) {
            beyond |= bits != 0;
        } else {
            long value = Integer.toUnsignedLong(bits);
            accepted = word == 0 ? accepted & 0xFFFF_FFFFL << 32 | value : accepted & 0xFFFF_FFFFL | value << 32;
        }
    }

    @Override
    public synchronized int status() {
        return passesStatus ? (int) frontEnd.get(FrontEnd.GET_STATUS) : status;
    }

    @Override
    public synchronized void writeStatus(int value) {
        int passed = value & 0xFF;
        if (passed == 0) {
            accepted = 0;
            beyond = false;
            for (Ring ring : rings) {
                ring.enabled = false;
                ring.size = 0;
            }
            channel.unmapAll();
            settled.clear();
        } else if ((passed & FEATURES_OK) != 0 && (status() & FEATURES_OK) == 0) {
            if (beyond) {
                passed &= ~(FEATURES_OK | DRIVER_OK);
            } else if (frontEnd.acknowledged(FrontEnd.SET_FEATURES,
                    FrontEnd.u64(accepted | FrontEnd.F_PROTOCOL_FEATURES)) != 0) {
                passed &= ~(FEATURES_OK | DRIVER_OK);
            } else {
                beforeRings.run();
            }
        }
        status = passed;
        if (passesStatus) {
            frontEnd.accepted(FrontEnd.SET_STATUS, FrontEnd.u64(passed));
        } else if (passed == 0) {
            frontEnd.accepted(FrontEnd.RESET_DEVICE, new byte[0]);
        }
        awaitShared();
    }

    @Override
    public synchronized long readConfig(int offset, int width) {
        FrontEnd.Reply reply =
                frontEnd.call(FrontEnd.GET_CONFIG, FrontEnd.config(offset, width, 0, new byte[width]));
        long value = 0;
        for (int i = reply.payload().length - 1; i >= 12; i--) {
            value = value << 8 | Byte.toUnsignedLong(reply.payload()[i]);
        }
        return value;
    }

    @Override
    public synchronized void writeConfig(int offset, int width, long value) {
        byte[] data = new byte[width];
        for (int i = 0; i < width; i++) {
            data[i] = (byte) (value >>> 8 * i);
        }
        frontEnd.acknowledged(FrontEnd.SET_CONFIG, FrontEnd.config(offset, width, 0, data));
    }

    @Override
    public synchronized int configGeneration() {
        settle();
        return generation;
    }

    // ── Queues ─────────────────────────────────────────────────────────────

    private boolean has(int queue) {
        return queue >= 0 && queue < rings.length;
    }

    @Override
    public int queueSizeMax(int queue) {
        return device.queueSizeMax(queue);
    }

    @Override
    public synchronized int queueSize(int queue) {
        return has(queue) && rings[queue].size != 0 ? rings[queue].size : queueSizeMax(queue);
    }

    @Override
    public synchronized void queueSize(int queue, int size) {
        if (has(queue) && !rings[queue].enabled) {
            rings[queue].size = size;
        }
    }

    @Override
    public synchronized void queueAddresses(int queue, long descriptorArea, long driverArea, long deviceArea) {
        if (has(queue) && !rings[queue].enabled) {
            rings[queue].descriptor = descriptorArea;
            rings[queue].driver = driverArea;
            rings[queue].device = deviceArea;
        }
    }

    @Override
    public synchronized void enableQueue(int queue) {
        if (!has(queue) || rings[queue].enabled) {
            return;
        }
        rings[queue].enabled = true;
        begin(queue, (accepted & FrontEnd.F_PACKED) != 0 ? 0x8000_8000L : 0);
    }

    /** Sets a ring up to go on somewhere. */
    synchronized void begin(int queue, long base) {
        Ring ring = rings[queue];
        frontEnd.accepted(FrontEnd.SET_VRING_NUM, FrontEnd.u32s(queue, queueSize(queue)));
        frontEnd.accepted(FrontEnd.SET_VRING_BASE, FrontEnd.u32s(queue, base));
        frontEnd.accepted(FrontEnd.SET_VRING_ADDR, addressesOf(queue, 0, ring.device));
        frontEnd.accepted(FrontEnd.SET_VRING_KICK, FrontEnd.u64(queue), ring.kick.descriptor());
        frontEnd.accepted(FrontEnd.SET_VRING_CALL, FrontEnd.u64(queue), ring.call.descriptor());
        frontEnd.accepted(FrontEnd.SET_VRING_ENABLE, FrontEnd.u32s(queue, 1));
        awaitShared();
    }

    /**
     * The back-end was replaced: tells the next one everything again. Where the rings are is not known, but what
     * was used is.
     *
     * @param inflight sends what the back-end before left behind
     */
    synchronized void reconnect(FrontEnd next, DeviceInstance nextDevice, SharedRam ram, Runnable inflight) {
        frontEnd = next;
        device = nextDevice;
        ram.tell(next);
        next.accepted(FrontEnd.SET_FEATURES, FrontEnd.u64(accepted | FrontEnd.F_PROTOCOL_FEATURES));
        inflight.run();
        for (int queue = 0; queue < rings.length; queue++) {
            if (rings[queue].enabled) {
                boolean packed = (accepted & FrontEnd.F_PACKED) != 0;
                byte[] index = new byte[2];
                nextDevice.memory().read(rings[queue].device + 2, MemorySegment.ofArray(index));
                begin(queue, packed ? 0x8000_8000L : (index[0] & 0xFF) | (index[1] & 0xFF) << 8);
            }
        }
    }

    /** The eventfds of a ring. */
    EventFd kick(int queue) {
        return rings[queue].kick;
    }

    EventFd call(int queue) {
        return rings[queue].call;
    }

    /** What {@link #begin} says where a ring is. */
    byte[] addressesOf(int queue, long flags, long log) {
        Ring ring = rings[queue];
        return FrontEnd.addresses(queue, flags, SharedRam.user(ring.descriptor), SharedRam.user(ring.device),
                SharedRam.user(ring.driver), log);
    }

    /** Where a ring's used ring, or event suppression, is. */
    long deviceArea(int queue) {
        return rings[queue].device;
    }

    /** Stops a ring; where it is. */
    synchronized long stop(int queue) {
        return Integer.toUnsignedLong(
                frontEnd.call(FrontEnd.GET_VRING_BASE, FrontEnd.u32s(queue, 0)).buffer().getInt(4));
    }

    @Override
    public synchronized boolean isQueueEnabled(int queue) {
        return has(queue) && rings[queue].enabled;
    }

    @Override
    public synchronized void resetQueue(int queue) {
        if (has(queue)) {
            stop(queue);
            frontEnd.accepted(FrontEnd.SET_VRING_ENABLE, FrontEnd.u32s(queue, 0));
            rings[queue].enabled = false;
            rings[queue].size = 0;
            if (!anyEnabled()) {
                settled.clear();
            }
        }
    }

    /** No message asks for this; who runs both sides can. */
    @Override
    public boolean isQueueResetting(int queue) {
        return device.isQueueStopping(queue);
    }

    // ── Notifications ──────────────────────────────────────────────────────

    @Override
    public void notifyQueue(int queue) {
        if (has(queue)) {
            try {
                rings[queue].kick.signal();
            } catch (LinuxException e) {
                throw new AssertionError(e);
            }
            settle();
        }
    }

    @Override
    public void notifyQueue(NotificationData data) {
        notifyQueue(data.queue());
    }

    @Override
    public synchronized @Nullable SharedMemory sharedMemory(int id) {
        return shared[id] == 0 ? null : new SharedMemory(id, SHARED_BASE * (id + 1), shared[id]);
    }

    /** What the driver reaches there; {@code null} if nothing is mapped. */
    synchronized @Nullable MemorySegment mapped(int id) {
        return channel.memory(id);
    }

    @Override
    public void close() {
        frontEnd.close();
        poller.close();
        try {
            pump.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        channel.close();
        closeRings();
    }

    private void closeRings() {
        for (Ring ring : rings) {
            ring.kick.close();
            ring.call.close();
        }
    }
}
