// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * One PCI bus: finds the function that a configuration access, a memory access or a port access is for.
 * What nobody answers reads as all ones, and is ignored when written.
 *
 * <p>Any thread may access; none takes a lock. Functions may be added and removed while others are used.
 */
public final class PciBus {

    /** How many devices a bus has. */
    public static final int DEVICES = 32;
    /** How many functions a device has. */
    public static final int FUNCTIONS = 8;

    /** The port of CONFIG_ADDRESS. */
    public static final int CONFIG_ADDRESS = 0xCF8;
    /** The first of the four ports of CONFIG_DATA. */
    public static final int CONFIG_DATA = 0xCFC;

    private static final int ENABLE = 1 << 31;

    private final int number;
    private final AtomicReferenceArray<@Nullable Slot> slots =
            new AtomicReferenceArray<>(DEVICES * FUNCTIONS);
    private final Windows memory = new Windows();
    private final Windows ports = new Windows();

    private volatile int configAddress;

    /** Creates bus 0. */
    public PciBus() {
        this(0);
    }

    /** Creates a bus of another number: 0 to 255. */
    public PciBus(int number) {
        if (number < 0 || number > 0xFF) {
            throw new IllegalArgumentException("bus has to be 0 to 255: bus=" + number);
        }
        this.number = number;
    }

    // ── Functions ──────────────────────────────────────────────────────────

    /**
     * Adds a function. Of a device with several, one is function 0; all of them then show that there are
     * more.
     *
     * @param device 0 to 31
     * @param function 0 to 7
     */
    public void add(int device, int function, PciFunction added) {
        int index = index(device, function);
        Slot slot = new Slot(index, added);
        if (!slots.compareAndSet(index, null, slot)) {
            throw new IllegalArgumentException("slot is taken: device=" + device + " function=" + function);
        }
        added.addBarListener(slot);
    }

    /** Removes a function; {@code null} if there is none. Its device goes on: reset or close it. */
    public @Nullable PciFunction remove(int device, int function) {
        synchronized (this) {
            Slot removed = slots.getAndSet(index(device, function), null);
            if (removed == null) {
                return null;
            }
            memory.removeAll(removed.function);
            ports.removeAll(removed.function);
            return removed.function;
        }
    }

    private static int index(int device, int function) {
        if (device < 0 || device >= DEVICES || function < 0 || function >= FUNCTIONS) {
            throw new IllegalArgumentException("device has to be 0 to 31 and function 0 to 7: device="
                    + device + " function=" + function);
        }
        return device * FUNCTIONS + function;
    }

    /** Resets all functions. */
    public void reset() {
        configAddress = 0;
        for (int index = 0; index < slots.length(); index++) {
            Slot slot = slots.get(index);
            if (slot != null) {
                slot.function.reset();
            }
        }
    }

    // ── Configuration space ────────────────────────────────────────────────

    /**
     * Reads configuration space where it is mapped into memory (ECAM): bits 20 to 27 of the offset are the
     * bus, 15 to 19 the device, 12 to 14 the function. [PCIe]
     *
     * @param offset bytes from the start of bus 0
     * @param width 1, 2 or 4
     */
    public long readEcam(long offset, int width) {
        PciFunction function = atEcam(offset);
        if (function == null) {
            return Width.ones(width);
        }
        int register = (int) offset & 0xFFF;
        long value = function.readConfig(register, width);
        return hasSeveral(indexOf(offset) / FUNCTIONS)
                ? PciHeader.withMultiFunction(register, width, value)
                : value;
    }

    /** Writes configuration space where it is mapped into memory. */
    public void writeEcam(long offset, int width, long value) {
        PciFunction function = atEcam(offset);
        if (function != null) {
            function.writeConfig((int) offset & 0xFFF, width, value);
        }
    }

    private static int indexOf(long ecamOffset) {
        return (int) (ecamOffset >>> 12) & DEVICES * FUNCTIONS - 1;
    }

    private @Nullable PciFunction atEcam(long offset) {
        if (offset >>> 20 != number) {
            return null;
        }
        Slot slot = slots.get(indexOf(offset));
        // A conventional function has no more than the first 256 bytes.
        return slot != null && (offset & 0xFFF) < slot.function.configSize() ? slot.function : null;
    }

    private boolean hasSeveral(int device) {
        int found = 0;
        for (int function = 0; function < FUNCTIONS; function++) {
            if (slots.get(device * FUNCTIONS + function) != null) {
                found++;
            }
        }
        return found > 1;
    }

    // ── Ports ──────────────────────────────────────────────────────────────

    /**
     * Reads a port: CONFIG_ADDRESS and CONFIG_DATA, through which configuration space is reached where
     * there is no ECAM, or what an I/O BAR maps. [PCI]
     *
     * @param width 1, 2 or 4
     */
    public long readPort(int port, int width) {
        if (port == CONFIG_ADDRESS && width == 4) {
            return Integer.toUnsignedLong(configAddress);
        }
        if (isData(port, width)) {
            return readEcam(selected(port), width);
        }
        return ports.read(port, width);
    }

    /** Writes a port. */
    public void writePort(int port, int width, long value) {
        if (port == CONFIG_ADDRESS && width == 4) {
            configAddress = (int) value;
        } else if (isData(port, width)) {
            writeEcam(selected(port), width, value);
        } else {
            ports.write(port, width, value);
        }
    }

    private static boolean isData(int port, int width) {
        return port >= CONFIG_DATA && port < CONFIG_DATA + 4 && port + width <= CONFIG_DATA + 4;
    }

    /** The ECAM offset that CONFIG_ADDRESS selects; nobody's if it is disabled. */
    private long selected(int port) {
        int address = configAddress;
        if ((address & ENABLE) == 0) {
            return -1;
        }
        return (address >>> 8 & 0xFFFFL) << 12 | address & 0xFC | port & 3;
    }

    // ── Memory ─────────────────────────────────────────────────────────────

    /**
     * Reads memory that a BAR maps.
     *
     * @param address unsigned
     * @param width 1, 2, 4 or 8
     */
    public long readMemory(long address, int width) {
        return memory.read(address, width);
    }

    /** Writes memory that a BAR maps. */
    public void writeMemory(long address, int width, long value) {
        memory.write(address, width, value);
    }

    /** One function on the bus: keeps its windows up to date. */
    private final class Slot implements BarListener {

        private final int index;
        private final PciFunction function;

        Slot(int index, PciFunction function) {
            this.index = index;
            this.function = function;
        }

        @Override
        public void mapped(PciBar bar, long address) {
            synchronized (PciBus.this) {
                if (slots.get(index) == this) {
                    windows(bar).add(new Window(address, function, bar));
                }
            }
        }

        @Override
        public void unmapped(PciBar bar, long address) {
            synchronized (PciBus.this) {
                windows(bar).remove(new Window(address, function, bar));
            }
        }

        private Windows windows(PciBar bar) {
            return bar.type().isIo() ? ports : memory;
        }
    }

    /** Where a BAR answers. */
    private record Window(long address, PciFunction function, PciBar bar) {}

    /** The windows of one address space: changed under the bus's monitor, read without. */
    private static final class Windows {

        private volatile Window[] sorted = {};

        void add(Window window) {
            List<Window> list = new ArrayList<>(List.of(sorted));
            list.add(window);
            list.sort(Comparator.comparing(Window::address, Long::compareUnsigned));
            sorted = list.toArray(new Window[0]);
        }

        void remove(Window window) {
            List<Window> list = new ArrayList<>(List.of(sorted));
            list.remove(window);
            sorted = list.toArray(new Window[0]);
        }

        void removeAll(PciFunction function) {
            List<Window> list = new ArrayList<>(List.of(sorted));
            list.removeIf(window -> window.function == function);
            sorted = list.toArray(new Window[0]);
        }

        long read(long address, int width) {
            Window window = find(address, width);
            return window == null ? Width.ones(width)
                    : window.function.readBar(window.bar.index(), address - window.address, width);
        }

        void write(long address, int width, long value) {
            Window window = find(address, width);
            if (window != null) {
                window.function.writeBar(window.bar.index(), address - window.address, width, value);
            }
        }

        /** The window that holds all of an access. Where a driver lets some overlap, one of them or none. */
        private @Nullable Window find(long address, int width) {
            Window[] list = sorted;
            int low = 0;
            int high = list.length - 1;
            while (low <= high) {
                int middle = low + high >>> 1;
                Window window = list[middle];
                if (Long.compareUnsigned(address, window.address) < 0) {
                    high = middle - 1;
                } else if (Long.compareUnsigned(address - window.address, window.bar.size() - width) > 0) {
                    low = middle + 1;
                } else {
                    return window;
                }
            }
            return null;
        }
    }
}
