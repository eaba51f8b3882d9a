// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/**
 * Which BARs a function has, and which structure is where in them. Immutable; checked against a device when
 * its {@link PciTransport} is built.
 *
 * <pre>{@code
 * PciLayout.builder()
 *         .bar(0, BarType.MEMORY_32)
 *         .place(PciStructure.COMMON, 0)
 *         .place(PciStructure.ISR, 0, 0x100)
 *         .place(PciStructure.DEVICE, 0, 0x200)
 *         .place(PciStructure.NOTIFY, 0)         // the next multiple of 4096
 *         .notifyMultiplier(4096)                // a page for each queue
 *         .build();
 * }</pre>
 *
 * <p>Places for structures that a device does not have are left out, and BARs that would be empty. A BAR is
 * as large as what is in it, rounded up to a power of two.
 */
public final class PciLayout {

    /** Where structures without an offset start: memory of their own for the driver to map. */
    static final int PAGE = 4096;

    private static final int IO_ALIGNMENT = 16;
    private static final long NEXT = -1;

    private static final PciLayout STANDARD = builder()
            .bar(1, BarType.MEMORY_32)
            .bar(2, BarType.MEMORY_64_PREFETCHABLE)
            .bar(4, BarType.MEMORY_64_PREFETCHABLE)
            .place(PciStructure.MSIX_TABLE, 1)
            .place(PciStructure.MSIX_PBA, 1)
            .place(PciStructure.SHARED_MEMORY, 2)
            .place(PciStructure.COMMON, 4)
            .place(PciStructure.ISR, 4)
            .place(PciStructure.DEVICE, 4)
            .place(PciStructure.NOTIFY, 4)
            .build();

    private record Place(PciStructure structure, int bar, long offset) {}

    private final TreeMap<Integer, BarType> types;
    private final TreeMap<Integer, Long> leastSizes;
    private final List<Place> places;
    private final int notifyMultiplier;

    private PciLayout(Builder from) {
        types = new TreeMap<>(from.types);
        leastSizes = new TreeMap<>(from.leastSizes);
        places = List.copyOf(from.places);
        notifyMultiplier = from.notifyMultiplier;
    }

    /**
     * The default, close to QEMU's: BAR 1, 32 bits: MSI-X table and pending bits, a page each. BAR 2, 64
     * bits, prefetchable: shared memory, if there is some. BAR 4, 64 bits, prefetchable: common
     * configuration, ISR status, device-specific configuration, notifications, from a page of its own each;
     * notifications 4 bytes apart.
     */
    public static PciLayout standard() {
        return STANDARD;
    }

    /** Begins a layout without BARs. */
    public static Builder builder() {
        return new Builder();
    }

    /** How far apart the queues' notification addresses are, in bytes; 0 if they share one. */
    public int notifyMultiplier() {
        return notifyMultiplier;
    }

    /** Whether the structure has a place. */
    boolean has(PciStructure structure) {
        return places.stream().anyMatch(place -> place.structure == structure);
    }

    // ── Applying to a device ───────────────────────────────────────────────

    /**
     * What a device wants to place.
     *
     * @param structure the structure
     * @param length bytes
     * @param alignment bytes, a power of two
     * @param id the id of a shared memory region; else 0
     */
    record Want(PciStructure structure, long length, int alignment, int id) {}

    /**
     * A want and where it was placed.
     *
     * @param want the want
     * @param bar the index of the BAR
     * @param offset bytes
     */
    record Placed(Want want, int bar, long offset) {

        long end() {
            return offset + want.length;
        }
    }

    /**
     * BARs and their contents.
     *
     * @param bars by index
     * @param placed in the order of the wants
     */
    record Resolved(List<PciBar> bars, List<Placed> placed) {}

    Resolved resolve(List<Want> wants) {
        for (Want want : wants) {
            if (!has(want.structure)) {
                throw new IllegalArgumentException("structure has no place in the layout: add place("
                        + want.structure + ", bar)");
            }
        }
        List<Placed> placed = new ArrayList<>();
        TreeMap<Integer, Long> ends = new TreeMap<>();
        for (Place place : places) {
            long offset = place.offset;
            for (Want want : wants) {
                if (want.structure == place.structure) {
                    Placed one = place(want, place.bar, offset, ends.getOrDefault(place.bar, 0L));
                    check(one, placed);
                    placed.add(one);
                    ends.merge(place.bar, one.end(), Math::max);
                    offset = NEXT;
                }
            }
        }
        return new Resolved(sized(ends), placed);
    }

    private Placed place(Want want, int bar, long offset, long end) {
        if (offset != NEXT) {
            return new Placed(want, bar, offset);
        }
        int unit = types.getOrDefault(bar, BarType.MEMORY_32).isIo() ? IO_ALIGNMENT : PAGE;
        return new Placed(want, bar, roundUp(end, unit));
    }

    private void check(Placed one, List<Placed> others) {
        BarType type = types.get(one.bar);
        PciStructure structure = one.want.structure;
        if (type == null) {
            throw new IllegalArgumentException("structure is placed in a BAR that is not declared: add bar("
                    + one.bar + ", type): structure=" + structure);
        }
        if ((one.offset & (one.want.alignment - 1)) != 0) {
            throw new IllegalArgumentException("structure has to start at a multiple of "
                    + one.want.alignment + ": structure=" + structure + " offset=" + one.offset);
        }
        checkType(structure, one, type);
        // Only the capability of shared memory has 64 bits for it.
        if (structure != PciStructure.SHARED_MEMORY && one.end() > 1L << 32) {
            throw new IllegalArgumentException("structure has to end within 4 GiB: structure=" + structure
                    + " offset=" + one.offset + " length=" + one.want.length);
        }
        for (Placed other : others) {
            if (other.bar == one.bar && one.offset < other.end() && other.offset < one.end()) {
                throw new IllegalArgumentException("structures overlap, move one: bar=" + one.bar
                        + " first=" + other.want.structure + " ends=" + other.end() + " second=" + structure
                        + " starts=" + one.offset);
            }
        }
    }

    private static void checkType(PciStructure structure, Placed one, BarType type) {
        boolean fits = switch (structure) {
            case COMMON, NOTIFY, ISR, DEVICE -> true;
            case MSIX_TABLE, MSIX_PBA, SHARED_MEMORY -> !type.isIo();
            case PORT_NOTIFY -> type.isIo();
            case LEGACY_GUARD -> type.isIo() && one.bar == 0 && one.offset == 0;
        };
        if (!fits) {
            throw new IllegalArgumentException("structure cannot be there: MSI-X and shared memory need a"
                    + " memory BAR, port notifications an I/O BAR, the legacy guard the start of an I/O"
                    + " BAR 0: structure=" + structure + " bar=" + one.bar + " type=" + type);
        }
    }

    private List<PciBar> sized(TreeMap<Integer, Long> ends) {
        List<PciBar> bars = new ArrayList<>();
        ends.forEach((index, end) -> {
            BarType type = types.getOrDefault(index, BarType.MEMORY_32);
            long least = type.isIo() ? type.least() : PAGE;
            long size = Math.max(Math.max(end, least), leastSizes.getOrDefault(index, 0L));
            bars.add(new PciBar(index, type, powerOfTwo(size)));
        });
        return bars;
    }

    private static long powerOfTwo(long size) {
        long below = Long.highestOneBit(size);
        return below == size ? size : below << 1;
    }

    private static long roundUp(long value, int unit) {
        return value + unit - 1 & -unit;
    }

    // ── Builder ────────────────────────────────────────────────────────────

    /** Collects BARs and places. */
    public static final class Builder {

        private final TreeMap<Integer, BarType> types = new TreeMap<>();
        private final TreeMap<Integer, Long> leastSizes = new TreeMap<>();
        private final List<Place> places = new ArrayList<>();
        private final Set<PciStructure> seen = EnumSet.noneOf(PciStructure.class);
        private int notifyMultiplier = 4;

        private Builder() {}

        /** Declares a BAR; one of 64 bits takes the next index too. */
        public Builder bar(int index, BarType type) {
            var unused = new PciBar(index, type, type.largest());
            BarType before = types.get(index - 1);
            boolean taken = types.containsKey(index)
                    || type.is64Bit() && types.containsKey(index + 1)
                    || before != null && before.is64Bit();
            if (taken) {
                throw new IllegalArgumentException("BAR is taken, or half of one of 64 bits: bar=" + index
                        + " type=" + type + " declared=" + types);
            }
            types.put(index, type);
            return this;
        }

        /** Makes a BAR larger than its contents need. */
        public Builder barSize(int index, long least) {
            leastSizes.put(index, least);
            return this;
        }

        /** Places a structure after those placed in the BAR before: from a new page, or 16 I/O ports. */
        public Builder place(PciStructure structure, int bar) {
            return add(structure, bar, NEXT);
        }

        /** Places a structure. */
        public Builder place(PciStructure structure, int bar, long offset) {
            if (offset < 0 || offset > 1L << 62) {
                throw new IllegalArgumentException("offset has to lie in the BAR: structure=" + structure
                        + " offset=" + offset);
            }
            return add(structure, bar, offset);
        }

        private Builder add(PciStructure structure, int bar, long offset) {
            if (!seen.add(structure)) {
                throw new IllegalArgumentException("structure has a place already: structure=" + structure);
            }
            places.add(new Place(structure, bar, offset));
            return this;
        }

        /**
         * Sets how far apart the queues' notification addresses are: a power of two from 2, or from 4 if
         * NOTIFICATION_DATA is offered; 4096 for a page for each; 0 for one address for all queues.
         * Default: 4.
         */
        public Builder notifyMultiplier(int bytes) {
            // > The device MUST either present notify_off_multiplier as an even power of 2, or present
            // > notify_off_multiplier as 0. [Notification structure layout]
            if (bytes != 0 && (bytes < 2 || Integer.bitCount(bytes) != 1)) {
                throw new IllegalArgumentException("notify multiplier has to be 0 or a power of two from 2"
                        + " on: multiplier=" + bytes);
            }
            notifyMultiplier = bytes;
            return this;
        }

        /** Makes the layout. */
        public PciLayout build() {
            return new PciLayout(this);
        }
    }
}
