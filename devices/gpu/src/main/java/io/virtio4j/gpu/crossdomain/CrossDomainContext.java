// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu.crossdomain;

import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.gpu.GpuContext;
import io.virtio4j.gpu.GpuResource;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One context. Commands are {@code CrossDomainHeader}s with what follows each; answers are written into a resource of
 * the driver's, the query ring, before the command is complete.
 */
final class CrossDomainContext implements GpuContext {

    private static final int CMD_INIT = 1;
    private static final int CMD_GET_IMAGE_REQUIREMENTS = 2;
    private static final int CMD_POLL = 3;

    private static final int HEADER = 8;
    /** Before there was a second ring. */
    private static final int INIT_LEGACY = 16;
    private static final int INIT_SIZE = 20;
    private static final int GET_REQUIREMENTS_SIZE = 24;
    private static final int REQUIREMENTS_SIZE = 64;

    /** {@code VIRTIO_GPU_MAP_CACHE_CACHED} */
    private static final int MAP_CACHED = 1;

    private static final int MOST_IMAGES = 1024;

    private final Map<Integer, GpuResource> attached = new HashMap<>();
    /** The sizes of blobs; what the driver calls one is its place here, plus one. */
    private final List<Long> images = new ArrayList<>();
    private int queryRing;

    @Override
    public void attach(GpuResource resource) {
        attached.put(resource.id(), resource);
    }

    @Override
    public void detach(GpuResource resource) {
        attached.remove(resource.id());
    }

    @Override
    public boolean submit(ByteBuffer commands) {
        while (commands.remaining() >= HEADER) {
            int at = commands.position();
            int size = Short.toUnsignedInt(commands.getShort(at + 2));
            if (size < HEADER || size > commands.remaining() || !run(commands.slice(at, size)
                    .order(ByteOrder.LITTLE_ENDIAN))) {
                return false;
            }
            commands.position(at + size);
        }
        return !commands.hasRemaining();
    }

    private boolean run(ByteBuffer command) {
        return switch (command.get(0)) {
            case CMD_INIT -> init(command);
            case CMD_GET_IMAGE_REQUIREMENTS -> requirements(command);
            case CMD_POLL -> true; // nothing ever comes from a channel
            default -> false;
        };
    }

    private boolean init(ByteBuffer command) {
        boolean legacy = command.limit() == INIT_LEGACY;
        if (!legacy && command.limit() < INIT_SIZE) {
            return false;
        }
        int channelType = command.getInt(legacy ? 12 : 16);
        if (channelType != 0) {
            return false;
        }
        queryRing = command.getInt(8);
        return true;
    }

    private boolean requirements(ByteBuffer command) {
        GpuResource ring = attached.get(queryRing);
        if (ring == null || command.limit() < GET_REQUIREMENTS_SIZE) {
            return false;
        }
        ImageLayout layout = ImageLayout.of(Integer.toUnsignedLong(command.getInt(8)),
                Integer.toUnsignedLong(command.getInt(12)), command.getInt(16));
        if (layout == null) {
            return false;
        }
        int id = idOf(layout.size());
        return id != 0 && ring.write(0, MemorySegment.ofArray(answer(layout, id)));
    }

    /** Images of the same size are alike. */
    private int idOf(long size) {
        int known = images.indexOf(size);
        if (known < 0 && images.size() < MOST_IMAGES) {
            images.add(size);
            known = images.size() - 1;
        }
        return known + 1;
    }

    /** {@code struct CrossDomainImageRequirements} */
    private static byte[] answer(ImageLayout layout, int id) {
        ByteBuffer out = ByteBuffer.allocate(REQUIREMENTS_SIZE).order(ByteOrder.LITTLE_ENDIAN);
        for (long stride : layout.strides()) {
            out.putInt((int) stride);
        }
        for (long offset : layout.offsets()) {
            out.putInt((int) offset);
        }
        out.putLong(0); // modifier: linear
        out.putLong(layout.size());
        out.putInt(id).putInt(MAP_CACHED).putInt(-1).putInt(-1); // no Vulkan memory, no Vulkan device
        return out.array();
    }

    @Override
    public boolean permitsBlob(long blobId, long size) {
        return blobId >= 1 && blobId <= images.size() && images.get((int) blobId - 1) == size;
    }

    // ── State ──────────────────────────────────────────────────────────────

    @Override
    public void save(StateWriter out) {
        out.le32(queryRing).le16(images.size());
        images.forEach(out::le64);
    }

    void restore(StateReader in) {
        queryRing = (int) in.le32();
        int count = in.le16();
        if (count > MOST_IMAGES) {
            throw new StateException("saved context has too many images: images=" + count);
        }
        for (int i = 0; i < count; i++) {
            images.add(in.le64());
        }
    }

    @Override
    public void close() {
        attached.clear();
    }
}
