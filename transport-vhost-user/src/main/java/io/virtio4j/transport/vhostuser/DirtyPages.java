// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.virtio4j.core.memory.DirtyLog;
import io.virtio4j.host.linux.EventFd;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.host.linux.Mapping;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The log of dirty pages that the front-end shares: a bit a page from guest address 0. Any thread marks; what
 * lies beyond the log is not marked. [Migration]
 */
final class DirtyPages implements DirtyLog {

    /** {@code VHOST_LOG_PAGE} */
    static final int PAGE_SHIFT = 12;

    /** The atomic accesses below need their alignment in the log. */
    static final int ALIGNMENT = Integer.BYTES;

    private static final int PAGES_IN_WORD_SHIFT = 5;

    private static final VarHandle WORD = JAVA_INT.varHandle();

    /**
     * A used ring whose writes are logged at another address too: {@code log_guest_addr}.
     *
     * @param address where the ring is
     * @param length bytes
     * @param logged what is marked besides
     */
    record Alias(long address, long length, long logged) {}

    private final Mapping mapping;
    private final MemorySegment log;
    private volatile List<Alias> aliases = List.of();
    private volatile @Nullable EventFd told;

    /**
     * Marks in a log.
     *
     * @param mapping the whole log, aligned to and a multiple of {@link #ALIGNMENT} bytes
     */
    DirtyPages(Mapping mapping) {
        this.mapping = mapping;
        this.log = mapping.segment();
    }

    Mapping mapping() {
        return mapping;
    }

    void aliases(List<Alias> newAliases) {
        aliases = List.copyOf(newAliases);
    }

    /** Signals this when a page has become dirty. */
    void tell(@Nullable EventFd event) {
        told = event;
    }

    @Override
    public void mark(long address, long length) {
        boolean changed = markPages(address, length);
        for (Alias alias : aliases) {
            long offset = address - alias.address;
            if (offset >= 0 && offset < alias.length) {
                changed |= markPages(alias.logged + offset, length);
            }
        }
        EventFd event = told;
        if (changed && event != null) {
            try {
                event.signal();
            } catch (LinuxException closed) {
                // Nobody waits for it any more.
            }
        }
    }

    private boolean markPages(long address, long length) {
        boolean changed = false;
        long last = address + (length - 1) >>> PAGE_SHIFT;
        for (long page = address >>> PAGE_SHIFT; page <= last; page++) {
            long at = (page >>> PAGES_IN_WORD_SHIFT) * Integer.BYTES;
            if (at > log.byteSize() - Integer.BYTES) {
                break;
            }
            // Set again even if it is set: what was written has to be visible before the front-end clears it.
            int bit = 1 << (int) page;
            changed |= ((int) WORD.getAndBitwiseOr(log, at, bit) & bit) == 0;
        }
        return changed;
    }
}
