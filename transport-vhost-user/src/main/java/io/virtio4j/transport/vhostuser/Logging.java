// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import io.virtio4j.core.memory.RegionRemoval;
import io.virtio4j.core.wire.Le64;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.host.linux.EventFd;
import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.Mapping;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Whether and where the device's writes are logged. For the thread of the connection. [Migration] */
final class Logging {

    private static final StructLayout LAYOUT = StructLayout.of("log description");
    private static final Le64 LENGTH = LAYOUT.le64("log size");
    private static final Le64 OFFSET = LAYOUT.le64("log offset");

    static {
        LAYOUT.size(16);
    }

    /** Bits for 8 TiB of memory. */
    private static final long MOST_BYTES = 1L << 28;

    private final MemoryTable table;
    private final boolean trusted;
    private final Duration grace;

    private @Nullable DirtyPages log;
    private @Nullable EventFd told;
    private List<DirtyPages.Alias> aliases = List.of();

    /** {@code VHOST_F_LOG_ALL} */
    private boolean wanted;

    Logging(MemoryTable table, boolean trusted, Duration grace) {
        this.table = table;
        this.trusted = trusted;
        this.grace = grace;
    }

    // [VHOST_USER_SET_LOG_BASE]
    void base(Message message) throws Refusal {
        long length = message.get(LENGTH);
        long offset = message.get(OFFSET);
        long pages = table.pages(DirtyPages.PAGE_SHIFT);
        // > which should be large enough to cover all known guest addresses
        if (length <= 0 || length > MOST_BYTES || offset < 0 || offset > Long.MAX_VALUE - length
                || pages > length * Byte.SIZE
                || length % DirtyPages.ALIGNMENT != 0 || offset % DirtyPages.ALIGNMENT != 0) {
            throw new Refusal("log: size=" + length + " offset=" + offset + " pages of memory=" + pages
                    + " most=" + MOST_BYTES + " alignment=" + DirtyPages.ALIGNMENT);
        }
        try (FileDescriptor descriptor = message.takeDescriptor()) {
            use(new DirtyPages(Mapping.ofPeer(
                    descriptor, offset, length, Mapping.Access.READ_WRITE, trusted)));
        } catch (IOException e) {
            throw Refusal.of(e);
        }
    }

    // [VHOST_USER_SET_LOG_FD]
    void event(Message message) throws Refusal {
        EventFd event = Descriptors.event(message.takeDescriptor());
        if (log != null) {
            log.tell(event);
        }
        if (told != null) {
            told.close();
        }
        told = event;
    }

    void wanted(boolean on) {
        if (wanted != on) {
            wanted = on;
            apply(log, null);
        }
    }

    /** Which used rings are logged elsewhere too. */
    void aliases(Vrings rings) {
        List<DirtyPages.Alias> found = new ArrayList<>();
        rings.forEach(ring -> {
            if (ring.running && ring.logged && ring.logAddress != ring.guestUsed) {
                found.add(new DirtyPages.Alias(ring.guestUsed, rings.usedBytes(ring), ring.logAddress));
            }
        });
        aliases = found;
        if (log != null) {
            log.aliases(found);
        }
    }

    private void use(DirtyPages newLog) {
        newLog.aliases(aliases);
        newLog.tell(told);
        DirtyPages before = log;
        log = newLog;
        apply(newLog, before);
    }

    /** Nothing marks in the log before when this returns, or it stays mapped until nothing does. */
    private void apply(@Nullable DirtyPages current, @Nullable DirtyPages before) {
        RegionRemoval removal = table.memory().dirtyLog(wanted ? current : null);
        List<Mapping> leaving = new ArrayList<>();
        if (before != null) {
            leaving.add(before.mapping());
        }
        new MemoryTable.Leaving(removal, leaving).unmap(grace);
    }

    /** The front-end is gone. */
    void clear() {
        DirtyPages before = log;
        log = null;
        wanted = false;
        aliases = List.of();
        if (before != null) {
            before.tell(null);
            apply(null, before);
        }
        if (told != null) {
            told.close();
            told = null;
        }
    }
}
