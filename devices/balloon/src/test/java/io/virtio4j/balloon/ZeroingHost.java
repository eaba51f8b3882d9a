// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import io.virtio4j.core.memory.PageRelease;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Takes pages as a host does: what was in them is gone. */
final class ZeroingHost implements PageRelease {

    /** A range that was given back, by its address on the host. */
    record Range(long address, long length) {}

    private final int granule;
    private final List<Range> taken = new ArrayList<>();
    private @Nullable IOException failure;
    private boolean refuses;

    ZeroingHost() {
        this(BalloonDevice.PAGE_SIZE);
    }

    ZeroingHost(int granule) {
        this.granule = granule;
    }

    synchronized void fail(IOException with) {
        failure = with;
    }

    synchronized void refuse() {
        refuses = true;
    }

    synchronized List<Range> taken() {
        return List.copyOf(taken);
    }

    synchronized long pages() {
        return taken.stream().mapToLong(Range::length).sum() / BalloonDevice.PAGE_SIZE;
    }

    @Override
    public synchronized boolean release(MemorySegment memory, long offset, long length) throws IOException {
        if (failure != null) {
            throw failure;
        }
        if ((memory.address() + offset) % granule != 0 || length % granule != 0 || length == 0) {
            throw new AssertionError("no whole pages: offset=" + offset + " length=" + length);
        }
        if (refuses) {
            return false;
        }
        memory.asSlice(offset, length).fill((byte) 0);
        taken.add(new Range(memory.address() + offset, length));
        return true;
    }

    @Override
    public int granule() {
        return granule;
    }
}
