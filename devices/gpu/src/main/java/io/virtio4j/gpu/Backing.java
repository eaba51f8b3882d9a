// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.virtio4j.core.memory.AddressTranslator;
import io.virtio4j.core.memory.DirtyLog;
import io.virtio4j.core.memory.MemoryMap;
import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Guest pages behind a resource: {@code struct virtio_gpu_mem_entry} entries. They are looked up once for each
 * map of memory, so that moving pixels needs no look-up. Used under the adapter's lock, with the map pinned.
 */
final class Backing {

    /** Bytes of an entry in a request. */
    static final int ENTRY_SIZE = 16;

    /** The most pieces that an entry may be cut into by a translator, on average. */
    private static final int CUTS = 4;

    private final long[] addresses;
    private final int[] lengths; // unsigned
    private final long length;

    private @Nullable Pieces readable;
    private @Nullable Pieces writable;

    private Backing(long[] addresses, int[] lengths) {
        this.addresses = addresses;
        this.lengths = lengths;
        long sum = 0;
        for (int entry : lengths) {
            sum += Integer.toUnsignedLong(entry);
        }
        length = sum;
    }

    /** Reads entries; there are as many bytes. What is contiguous becomes one. */
    static Backing read(ChainReader in, int entries) {
        long[] addresses = new long[entries];
        int[] lengths = new int[entries];
        int count = 0;
        for (int i = 0; i < entries; i++) {
            long address = in.readLe64();
            long length = in.readLe32();
            in.readLe32(); // padding
            long before = count == 0 ? 0 : Integer.toUnsignedLong(lengths[count - 1]);
            if (count > 0 && addresses[count - 1] + before == address && before + length <= 0xFFFF_FFFFL) {
                lengths[count - 1] = (int) (before + length);
            } else if (length > 0) {
                addresses[count] = address;
                lengths[count++] = (int) length;
            }
        }
        return new Backing(Arrays.copyOf(addresses, count), Arrays.copyOf(lengths, count));
    }

    /** Bytes. */
    long length() {
        return length;
    }

    int entries() {
        return addresses.length;
    }

    /** Whether all of it is memory that the device may reach. */
    boolean isInMemory(MemoryMap map, boolean write) {
        return pieces(map, write) != null;
    }

    /** Copies from guest memory, or to it; the range lies inside. Says whether all of it was memory. */
    boolean copy(MemoryMap map, long offset, MemorySegment other, long at, long count, boolean write) {
        Pieces pieces = pieces(map, write);
        if (pieces == null) {
            return false;
        }
        pieces.copy(map, offset, other, at, count, write);
        return true;
    }

    private @Nullable Pieces pieces(MemoryMap map, boolean write) {
        Pieces known = write ? writable : readable;
        if (known == null || known.map != map) {
            known = new Pieces(map, Math.max(16, addresses.length * CUTS));
            for (int i = 0; i < addresses.length && known.whole; i++) {
                known.add(addresses[i], Integer.toUnsignedLong(lengths[i]), write);
            }
            if (write) {
                writable = known;
            } else {
                readable = known;
            }
        }
        return known.whole ? known : null;
    }

    /** Where the bytes are in one map of memory. */
    private static final class Pieces {

        private final MemoryMap map;
        private final int most;
        private int[] regions = new int[4];
        private long[] offsets = new long[4];
        private long[] ends = new long[4]; // in the backing
        private int count;
        private boolean whole = true;

        Pieces(MemoryMap map, int most) {
            this.map = map;
            this.most = most;
        }

        void add(long address, long length, boolean write) {
            AddressTranslator translator = map.translator();
            if (translator == null) {
                addPhysical(address, length, write);
                return;
            }
            AddressTranslator.Translation result = new AddressTranslator.Translation();
            for (long done = 0; done < length && whole; ) {
                whole = translator.translate(address + done, length - done, write, result) && result.length() > 0;
                if (whole) {
                    long run = Math.min(result.length(), length - done);
                    addPhysical(result.physicalAddress(), run, write);
                    done += run;
                }
            }
        }

        private void addPhysical(long address, long length, boolean write) {
            for (long done = 0; done < length && whole; ) {
                int index = map.indexOf(address + done);
                whole = index >= 0 && count < most && !(write && map.region(index).isReadOnly());
                if (whole) {
                    MemoryRegion region = map.region(index);
                    long offset = address + done - region.guestAddress();
                    long run = Math.min(length - done, region.length() - offset);
                    put(index, offset, run);
                    done += run;
                }
            }
        }

        private void put(int region, long offset, long length) {
            if (count == regions.length) {
                int larger = count * 2;
                regions = Arrays.copyOf(regions, larger);
                offsets = Arrays.copyOf(offsets, larger);
                ends = Arrays.copyOf(ends, larger);
            }
            regions[count] = region;
            offsets[count] = offset;
            ends[count] = (count == 0 ? 0 : ends[count - 1]) + length;
            count++;
        }

        void copy(MemoryMap pinned, long offset, MemorySegment other, long at, long bytes, boolean write) {
            int piece = Arrays.binarySearch(ends, 0, count, offset);
            piece = piece >= 0 ? piece + 1 : -piece - 1;
            for (long done = 0; done < bytes; piece++) {
                long start = piece == 0 ? 0 : ends[piece - 1];
                long inside = offset + done - start;
                long run = Math.min(bytes - done, ends[piece] - start - inside);
                MemoryRegion region = pinned.region(regions[piece]);
                if (write) {
                    MemorySegment.copy(other, at + done, region.segment(), offsets[piece] + inside, run);
                    DirtyLog log = pinned.dirtyLog();
                    if (log != null) {
                        log.mark(region.guestAddress() + offsets[piece] + inside, run);
                    }
                } else {
                    MemorySegment.copy(region.segment(), offsets[piece] + inside, other, at + done, run);
                }
                done += run;
            }
        }
    }

    // ── State ──────────────────────────────────────────────────────────────

    static void save(StateWriter out, @Nullable Backing backing) {
        out.flag(backing != null);
        if (backing != null) {
            out.le32(backing.addresses.length);
            for (int i = 0; i < backing.addresses.length; i++) {
                out.le64(backing.addresses[i]).le32(backing.lengths[i]);
            }
        }
    }

    static @Nullable Backing restore(StateReader in, int most) {
        if (!in.flag()) {
            return null;
        }
        int count = in.le32("entries", 0, most);
        long[] addresses = new long[Math.min(count, 64)];
        int[] lengths = new int[addresses.length];
        for (int i = 0; i < count; i++) {
            if (i == addresses.length) {
                addresses = Arrays.copyOf(addresses, Math.min(count, i * 2));
                lengths = Arrays.copyOf(lengths, addresses.length);
            }
            addresses[i] = in.le64();
            lengths[i] = (int) in.le32();
        }
        return new Backing(addresses, lengths);
    }
}
