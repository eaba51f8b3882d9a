// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.EventFd;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.host.linux.Poller;
import io.virtio4j.testkit.DriverPort;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.InterruptProbe;
import io.virtio4j.testkit.NotificationData;
import io.virtio4j.testkit.PciAccess;
import io.virtio4j.testkit.PciPort;
import io.virtio4j.testkit.SharedMemory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What stands between a server and a driver: a machine monitor that carries the driver's accesses over the
 * socket, maps its memory, and takes interrupts from eventfds, as QEMU does.
 */
final class GuestSide implements AutoCloseable {

    private static final int COMMAND = 0x04;
    private static final int BAR = 0x10;
    private static final int MEMORY_SPACE = 1 << 1;
    private static final int BARS = 6;

    final Client client;
    private final Runnable end;
    private final SharedFile file;
    private final InterruptProbe probe = new InterruptProbe();
    private final List<EventFd> vectors = new ArrayList<>();
    private final EventFd pin;
    private final Poller poller;
    private final Thread pump;

    /** Where BARs are; forgotten when configuration space is written. */
    private long @Nullable [] bars;
    private final long[] sizes = new long[BARS];

    /** Memory that can be sent to a server. */
    static final class Ram implements AutoCloseable {

        final SharedFile file = SharedFile.sealed(2 << 20);
        final GuestRam ram = GuestRam.empty().add(MemoryRegion.of(GuestRam.BASE, file.segment()));

        @Override
        public void close() {
            file.close();
        }
    }

    /** A server of a device, and a client; closing closes both. */
    static GuestSide of(DeviceInstance device, Ram ram, UnaryOperator<VfioUserServerBuilder> choices) {
        VfioUserServer server = choices.apply(VfioUserServer.of(device)).build();
        Served.Connected connected = Served.connect(server);
        return new GuestSide(connected.client(), ram, () -> {
            Served.awaitEnd(connected.serving());
            server.close();
        });
    }

    /**
     * Takes over a client.
     *
     * @param client connected, and has said nothing yet
     * @param end runs after the client was closed
     */
    GuestSide(Client client, Ram ram, Runnable end) {
        this.client = client.negotiate();
        this.end = end;
        file = ram.file;
        client.map(3, 0, GuestRam.BASE, file.segment().byteSize(), file.descriptor());
        for (int bar = 0; bar < BARS; bar++) {
            sizes[bar] = client.regionSize(bar);
        }
        try {
            poller = Poller.open();
            int count = client.call(Wire.DEVICE_GET_IRQ_INFO, Wire.irqInfo(Wire.MSIX)).getInt(12);
            for (int vector = 0; vector < count; vector++) {
                vectors.add(event());
                client.setInterrupts(Wire.EVENTFD | Wire.TRIGGER, Wire.MSIX, vector, 1,
                        vectors.getLast().descriptor());
            }
            pin = event();
        } catch (LinuxException e) {
            throw new AssertionError(e);
        }
        client.setInterrupts(Wire.EVENTFD | Wire.TRIGGER, Wire.INTX, 0, 1, pin.descriptor());
        pump = Thread.ofPlatform().daemon().name("interrupts").start(this::pump);
    }

    private EventFd event() throws LinuxException {
        EventFd event = EventFd.create();
        poller.register(event.descriptor(), Poller.READ, ready -> collect());
        return event;
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
            for (int vector = 0; vector < vectors.size(); vector++) {
                if (vectors.get(vector).tryRead() != 0) {
                    probe.raise(vector);
                }
            }
            if (pin.tryRead() != 0) {
                probe.level(PciPort.INTX, true);
            }
        } catch (LinuxException e) {
            throw new AssertionError(e);
        }
    }

    /** As QEMU does for BARs: after any access the line may be low, and is high again if it is told so. */
    private void endOfInterrupt() {
        if (probe.isHigh(PciPort.INTX)) {
            client.setInterrupts(Wire.NONE | Wire.UNMASK, Wire.INTX, 0, 1);
            try {
                probe.level(PciPort.INTX, pin.tryRead() != 0);
            } catch (LinuxException e) {
                throw new AssertionError(e);
            }
        }
    }

    // ── Accesses ───────────────────────────────────────────────────────────

    private final class Access implements PciAccess {

        @Override
        public long readConfig(int offset, int width) {
            synchronized (GuestSide.this) {
                long value = client.read(Wire.CONFIG, offset, width);
                endOfInterrupt();
                return value;
            }
        }

        @Override
        public void writeConfig(int offset, int width, long value) {
            synchronized (GuestSide.this) {
                client.write(Wire.CONFIG, offset, width, value);
                bars = null;
                endOfInterrupt();
            }
        }

        @Override
        public long readMemory(long address, int width) {
            synchronized (GuestSide.this) {
                int bar = barAt(address);
                if (bar < 0) {
                    return -1L >>> 64 - 8 * width;
                }
                collect();
                long value = client.read(bar, address - bars()[bar], width);
                endOfInterrupt();
                return value;
            }
        }

        @Override
        public void writeMemory(long address, int width, long value) {
            synchronized (GuestSide.this) {
                int bar = barAt(address);
                if (bar >= 0) {
                    collect();
                    client.write(bar, address - bars()[bar], width, value);
                    endOfInterrupt();
                }
            }
        }
    }

    private int barAt(long address) {
        for (int bar = 0; bar < BARS; bar++) {
            long base = bars()[bar];
            if (base != 0 && address >= base && address < base + sizes[bar]) {
                return bar;
            }
        }
        return -1;
    }

    private long[] bars() {
        long[] known = bars;
        if (known == null) {
            known = new long[BARS];
            boolean decoded = (client.read(Wire.CONFIG, COMMAND, 2) & MEMORY_SPACE) != 0;
            for (int bar = 0; decoded && bar < BARS; bar++) {
                long low = client.read(Wire.CONFIG, BAR + 4 * bar, 4);
                if (sizes[bar] != 0) {
                    boolean wide = (low & 6) == 4;
                    known[bar] = low & ~0xFL | (wide ? client.read(Wire.CONFIG, BAR + 4 * bar + 4, 4) << 32 : 0);
                }
            }
            bars = known;
        }
        return known;
    }

    /** A driver's port; its interrupts are up to date whenever they are asked for. */
    DriverPort port(PciPort.Interrupts kind, PciPort.Window window) {
        return new Port(new PciPort(new Access(), probe, kind, window));
    }

    private final class Port implements DriverPort {

        private final PciPort pci;

        Port(PciPort pci) {
            this.pci = pci;
        }

        @Override
        public InterruptProbe interrupts() {
            collect();
            return probe;
        }

        @Override
        public Notifications takeNotifications() {
            collect();
            return pci.takeNotifications();
        }

        @Override
        public int deviceId() {
            return pci.deviceId();
        }

        @Override
        public int deviceFeatures(int word) {
            return pci.deviceFeatures(word);
        }

        @Override
        public void acceptFeatures(int word, int bits) {
            pci.acceptFeatures(word, bits);
        }

        @Override
        public int status() {
            return pci.status();
        }

        @Override
        public void writeStatus(int value) {
            pci.writeStatus(value);
        }

        @Override
        public long readConfig(int offset, int width) {
            return pci.readConfig(offset, width);
        }

        @Override
        public void writeConfig(int offset, int width, long value) {
            pci.writeConfig(offset, width, value);
        }

        @Override
        public int configGeneration() {
            return pci.configGeneration();
        }

        @Override
        public int queueSizeMax(int queue) {
            return pci.queueSizeMax(queue);
        }

        @Override
        public int queueSize(int queue) {
            return pci.queueSize(queue);
        }

        @Override
        public void queueSize(int queue, int size) {
            pci.queueSize(queue, size);
        }

        @Override
        public void queueAddresses(int queue, long descriptorArea, long driverArea, long deviceArea) {
            pci.queueAddresses(queue, descriptorArea, driverArea, deviceArea);
        }

        @Override
        public void enableQueue(int queue) {
            pci.enableQueue(queue);
        }

        @Override
        public boolean isQueueEnabled(int queue) {
            return pci.isQueueEnabled(queue);
        }

        @Override
        public void resetQueue(int queue) {
            pci.resetQueue(queue);
        }

        @Override
        public boolean isQueueResetting(int queue) {
            return pci.isQueueResetting(queue);
        }

        @Override
        public void notifyQueue(int queue) {
            pci.notifyQueue(queue);
        }

        @Override
        public void notifyQueue(NotificationData data) {
            pci.notifyQueue(data);
        }

        @Override
        public @Nullable SharedMemory sharedMemory(int id) {
            return pci.sharedMemory(id);
        }
    }

    /** The machine is switched off. */
    @Override
    public void close() {
        client.close();
        end.run();
        poller.close();
        try {
            pump.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        vectors.forEach(EventFd::close);
        pin.close();
    }
}
