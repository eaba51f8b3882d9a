// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import io.virtio4j.fs.backend.FsMapping;
import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.Linux;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.host.linux.MemoryPages;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/** Pages of a DAX window that show a part of a file. */
final class HostMapping implements FsMapping {
    private static final int PAGE = Linux.pageSize();

    private final MemorySegment place;
    /** Pages that show the file still: the others may be another mapping's by now. */
    private final BitSet left;

    private HostMapping(MemorySegment place) {
        this.place = place;
        int pages = Math.toIntExact(place.byteSize() / PAGE);
        left = new BitSet(pages);
        left.set(0, pages);
    }

    static HostMapping of(FileDescriptor file, long offset, MemorySegment place, boolean writable)
            throws LinuxException {
        MemoryPages.show(place, 0, place.byteSize(), file, offset, writable);
        return new HostMapping(place);
    }

    @Override
    public synchronized void remove(long offset, long length) throws IOException {
        int from = (int) (offset / PAGE);
        int to = (int) ((offset + length) / PAGE);
        clear(from, to);
    }

    @Override
    public synchronized void close() throws IOException {
        clear(0, left.length());
    }

    private void clear(int from, int to) throws IOException {
        try {
            for (int begin = left.nextSetBit(from); begin >= 0 && begin < to; begin = left.nextSetBit(begin)) {
                int end = Math.min(left.nextClearBit(begin), to);
                MemoryPages.clear(place, (long) begin * PAGE, (long) (end - begin) * PAGE);
                left.clear(begin, end);
            }
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        }
    }
}
