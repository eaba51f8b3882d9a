// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The base address registers: which there are, whether they are decoded, and where. Sizing needs nothing of
 * its own: of the address, the bits below the size cannot be written. [PCI]
 */
final class Bars {

    private static final long NOWHERE = 0;

    private final ConfigBytes config;
    private final List<PciBar> list;
    private final @Nullable PciBar[] byIndex = new PciBar[PciBar.COUNT];
    private final CopyOnWriteArrayList<Follower> followers = new CopyOnWriteArrayList<>();
    private final Settling telling = new Settling(() -> followers.forEach(Follower::tell));

    /** A bit for each BAR that is decoded. */
    private volatile int decoded;

    Bars(ConfigBytes config, List<PciBar> list) {
        this.config = config;
        this.list = List.copyOf(list);
        for (PciBar bar : list) {
            byIndex[bar.index()] = bar;
            long writable = -bar.size();
            config.declare(0, PciHeader.baseAddress(bar.index()), bar.type().flags(),
                    writable & bar.type().addressMask());
            if (bar.type().is64Bit()) {
                config.declare(0, PciHeader.baseAddress(bar.index() + 1), 0, writable >>> 32);
            }
        }
    }

    List<PciBar> list() {
        return list;
    }

    boolean exists(int bar) {
        return bar >= 0 && bar < PciBar.COUNT && byIndex[bar] != null;
    }

    boolean isDecoded(int bar) {
        return (decoded >>> bar & 1) != 0;
    }

    /** Takes over what the command register says. */
    void decode(boolean io, boolean memory) {
        int bits = 0;
        for (PciBar bar : list) {
            if (bar.type().isIo() ? io : memory) {
                bits |= 1 << bar.index();
            }
        }
        decoded = bits;
        telling.settle();
    }

    OptionalLong address(int index) {
        PciBar bar = index >= 0 && index < PciBar.COUNT ? byIndex[index] : null;
        long at = bar == null ? NOWHERE : address(bar);
        return at == NOWHERE ? OptionalLong.empty() : OptionalLong.of(at);
    }

    /** {@link #NOWHERE} if the BAR does not answer: not decoded, never placed, or being sized. */
    private long address(PciBar bar) {
        if (!isDecoded(bar.index())) {
            return NOWHERE;
        }
        BarType type = bar.type();
        long address;
        synchronized (config) {
            address = config.get(0, PciHeader.baseAddress(bar.index())) & type.addressMask();
            if (type.is64Bit()) {
                address |= config.get(0, PciHeader.baseAddress(bar.index() + 1)) << 32;
            }
        }
        long sizing = -bar.size() & (type.is64Bit() ? -1 : 0xFFFF_FFFFL);
        return address == sizing ? NOWHERE : address;
    }

    void add(BarListener listener) {
        followers.add(new Follower(listener));
        telling.settle();
    }

    /** A listener, and what it was told last. */
    private final class Follower {

        private final BarListener listener;
        private final long[] told = new long[PciBar.COUNT];

        Follower(BarListener listener) {
            this.listener = listener;
            Arrays.fill(told, NOWHERE);
        }

        void tell() {
            for (PciBar bar : list) {
                long before = told[bar.index()];
                if (before != NOWHERE && before != address(bar)) {
                    told[bar.index()] = NOWHERE;
                    listener.unmapped(bar, before);
                }
            }
            for (PciBar bar : list) {
                long now = address(bar);
                if (told[bar.index()] == NOWHERE && now != NOWHERE) {
                    told[bar.index()] = now;
                    listener.mapped(bar, now);
                }
            }
        }
    }
}
