// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.Le64;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.core.wire.U8;
import io.virtio4j.host.linux.MemoryFile;
import io.virtio4j.transport.pci.PciBar;
import io.virtio4j.transport.pci.PciFunction;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;

/**
 * The regions of a PCI device: its BARs and its configuration space. All are reached by messages; memory in a
 * BAR can be mapped as well, if the embedder has given the file that it lies in.
 * [{@code VFIO_USER_DEVICE_GET_REGION_INFO}], [Read and Write Operations]
 */
final class RegionTable {

    /** How many regions a PCI device has: six BARs, ROM, configuration space, VGA. */
    static final int COUNT = 9;

    private static final int CONFIG = 7;

    private static final StructLayout INFO = StructLayout.of("vfio_region_info");
    private static final Le32 INFO_ARGSZ = INFO.le32("argsz");
    private static final Le32 INFO_FLAGS = INFO.le32("flags");
    private static final Le32 INFO_INDEX = INFO.le32("index");
    private static final Le32 INFO_CAP_OFFSET = INFO.le32("cap_offset");
    private static final Le64 INFO_LENGTH = INFO.le64("size");
    private static final Le64 INFO_OFFSET = INFO.le64("offset");
    private static final int INFO_SIZE = INFO.size(32);

    private static final int FLAG_READ = 1;
    private static final int FLAG_WRITE = 1 << 1;
    private static final int FLAG_MMAP = 1 << 2;
    private static final int FLAG_CAPS = 1 << 3;

    private static final StructLayout ACCESS = StructLayout.of("vfio-user region access");
    private static final Le64 ACCESS_OFFSET = ACCESS.le64("offset");
    private static final Le32 ACCESS_REGION = ACCESS.le32("region");
    private static final Le32 ACCESS_COUNT = ACCESS.le32("count");
    private static final int ACCESS_SIZE = ACCESS.size(16);

    private static final Le64 MULTI_COUNT = new Le64(0);
    private static final int MULTI_SIZE = 8;

    private static final StructLayout SINGLE = StructLayout.of("vfio-user single device write");
    private static final Le64 SINGLE_OFFSET = SINGLE.le64("offset");
    private static final Le32 SINGLE_REGION = SINGLE.le32("region");
    private static final Le32 SINGLE_COUNT = SINGLE.le32("count");
    private static final Le64 SINGLE_DATA = SINGLE.le64("data");
    private static final int SINGLE_SIZE = SINGLE.size(24);

    private static final U8 DATA_8 = new U8(0);
    private static final Le16 DATA_16 = new Le16(0);
    private static final Le32 DATA_32 = new Le32(0);
    private static final Le64 DATA_64 = new Le64(0);

    private final PciFunction function;
    private final long[] sizes = new long[COUNT];

    private final Map<Integer, MappedRegion> mapped;

    RegionTable(PciFunction function, List<MemoryFile> files) {
        this.function = function;
        mapped = MappedRegion.find(function.bars(), function.memory(), files);
        for (PciBar bar : function.bars()) {
            sizes[bar.index()] = bar.size();
        }
        sizes[CONFIG] = function.configSize();
    }

    int info(Message message) throws Refusal {
        message.requireNoDescriptors();
        message.requirePayloadAndRoom(INFO_SIZE, INFO_ARGSZ);
        long index = message.get(INFO_INDEX);
        if (index >= COUNT) {
            throw Refusal.invalid("no such region: index=" + index + " regions=" + COUNT);
        }
        long size = sizes[(int) index];
        long room = message.get(INFO_ARGSZ);
        message.set(INFO_ARGSZ, INFO_SIZE);
        message.set(INFO_FLAGS, size == 0 ? 0 : FLAG_READ | FLAG_WRITE);
        message.set(INFO_CAP_OFFSET, 0);
        INFO_LENGTH.set(message.bytes(), Message.HEADER, size);
        INFO_OFFSET.set(message.bytes(), Message.HEADER, 0);
        MappedRegion toMap = mapped.get((int) index);
        return toMap == null ? INFO_SIZE : infoToMap(message, room, toMap);
    }

    /** Tells what can be mapped, and sends the file; or how much room the client has to have to be told. */
    private static int infoToMap(Message message, long room, MappedRegion region) {
        int size = INFO_SIZE + region.capabilitySize();
        boolean caps = region.capabilitySize() > 0;
        message.set(INFO_ARGSZ, size);
        message.set(INFO_FLAGS, FLAG_READ | FLAG_WRITE | FLAG_MMAP | (caps ? FLAG_CAPS : 0));
        INFO_OFFSET.set(message.bytes(), Message.HEADER, region.offset());
        if (room < size) {
            return INFO_SIZE;
        }
        if (caps) {
            message.set(INFO_CAP_OFFSET, INFO_SIZE);
            region.writeCapability(message.bytes(), Message.HEADER + INFO_SIZE);
        }
        message.attach(region.descriptor());
        return size;
    }

    // ── Accesses ───────────────────────────────────────────────────────────

    int read(Message message) throws Refusal {
        message.requireNoDescriptors();
        message.requirePayload(ACCESS_SIZE);
        MemorySegment bytes = message.bytes();
        long offset = ACCESS_OFFSET.get(bytes, Message.HEADER);
        long count = message.get(ACCESS_COUNT);
        int region = require(message.get(ACCESS_REGION), offset, count);
        long end = offset + count;
        long to = Message.HEADER + ACCESS_SIZE - offset;
        for (long at = offset; at < end; ) {
            int width = isOneAccess(region, count) ? (int) count : width(region, at, end - at);
            long value = region == CONFIG
                    ? function.readConfig((int) at, width)
                    : function.readBar(region, at, width);
            store(bytes, to + at, width, value);
            at += width;
        }
        return ACCESS_SIZE + (int) count;
    }

    int write(Message message) throws Refusal {
        message.requireNoDescriptors();
        if (message.payloadLength() < ACCESS_SIZE) {
            throw Refusal.invalid("payload: length=" + message.payloadLength() + " least=" + ACCESS_SIZE);
        }
        MemorySegment bytes = message.bytes();
        long offset = ACCESS_OFFSET.get(bytes, Message.HEADER);
        long count = message.get(ACCESS_COUNT);
        int region = require(message.get(ACCESS_REGION), offset, count);
        message.requirePayload(ACCESS_SIZE + (int) count);
        write(region, offset, (int) count, bytes, Message.HEADER + ACCESS_SIZE);
        return ACCESS_SIZE;
    }

    /** Does all of the writes, or none. */
    int writeMulti(Message message) throws Refusal {
        message.requireNoDescriptors();
        MemorySegment bytes = message.bytes();
        long count = message.payloadLength() < MULTI_SIZE ? -1 : MULTI_COUNT.get(bytes, Message.HEADER);
        // Divided, not multiplied: the count has 64 bits.
        long room = (message.payloadLength() - MULTI_SIZE) / SINGLE_SIZE;
        if (count != room || message.payloadLength() != MULTI_SIZE + room * SINGLE_SIZE) {
            throw Refusal.invalid("writes: wr_cnt=" + Long.toUnsignedString(count) + " length="
                    + message.payloadLength());
        }
        long first = Message.HEADER + MULTI_SIZE;
        long end = first + count * SINGLE_SIZE;
        for (long at = first; at < end; at += SINGLE_SIZE) {
            long length = SINGLE_COUNT.get(bytes, at);
            require(SINGLE_REGION.get(bytes, at), SINGLE_OFFSET.get(bytes, at), length);
            if (length > Long.BYTES) {
                throw Refusal.invalid("one of several writes: count=" + length + " most=" + Long.BYTES);
            }
        }
        for (long at = first; at < end; at += SINGLE_SIZE) {
            write((int) SINGLE_REGION.get(bytes, at), SINGLE_OFFSET.get(bytes, at),
                    (int) SINGLE_COUNT.get(bytes, at), bytes, at + SINGLE_DATA.offset());
        }
        return MULTI_SIZE;
    }

    private void write(int region, long offset, int count, MemorySegment bytes, long dataAt) {
        long end = offset + count;
        for (long at = offset; at < end; ) {
            int width = isOneAccess(region, count) ? count : width(region, at, end - at);
            long value = load(bytes, dataAt + (at - offset), width);
            if (region == CONFIG) {
                function.writeConfig((int) at, width, value);
            } else {
                function.writeBar(region, at, width, value);
            }
            at += width;
        }
    }

    private int require(long region, long offset, long count) throws Refusal {
        long size = region < COUNT ? sizes[(int) region] : 0;
        // > The count field must not exceed the value of max_data_xfer_size of the peer.
        if (size == 0 || offset < 0 || count > size || offset > size - count || count > Message.MOST_DATA) {
            throw Refusal.invalid("access: region=" + region + " offset=0x" + Long.toHexString(offset)
                    + " count=" + count + " size=" + size + " most=" + Message.MOST_DATA);
        }
        return (int) region;
    }

    /** What a processor does at once in a BAR stays one access, aligned or not. */
    private static boolean isOneAccess(int region, long count) {
        return region != CONFIG && (count == 4 || count == 8 || count == 2 || count == 1);
    }

    /**
     * How wide the next access is where a transfer is cut into aligned ones, as Linux's VFIO does. Those to
     * configuration space never cross a double word.
     */
    private static int width(int region, long at, long left) {
        long most = Math.min(left, region == CONFIG ? 4 : 8);
        long aligned = at == 0 ? 8 : Long.lowestOneBit(at);
        return (int) Math.min(Long.highestOneBit(most), aligned);
    }

    private static long load(MemorySegment bytes, long at, int width) {
        return switch (width) {
            case 1 -> DATA_8.get(bytes, at);
            case 2 -> DATA_16.get(bytes, at);
            case 4 -> DATA_32.get(bytes, at);
            default -> DATA_64.get(bytes, at);
        };
    }

    private static void store(MemorySegment bytes, long at, int width, long value) {
        switch (width) {
            case 1 -> DATA_8.set(bytes, at, (int) value);
            case 2 -> DATA_16.set(bytes, at, (int) value);
            case 4 -> DATA_32.set(bytes, at, value);
            default -> DATA_64.set(bytes, at, value);
        }
    }
}
