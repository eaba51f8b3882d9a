// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** An image in the host's memory, rows without gaps. [Device Operation: Create a framebuffer] */
final class ImageResource extends Resource {

    private final PixelFormat format;
    private final int width;
    private final int height;
    private final HostMemory memory;

    /** The size was checked. */
    ImageResource(Adapter adapter, int id, PixelFormat format, int width, int height) {
        super(adapter, id);
        this.format = format;
        this.width = width;
        this.height = height;
        memory = new HostMemory(bytes(width, height));
    }

    static long bytes(long width, long height) {
        return Math.multiplyExact(Math.multiplyExact(width, height), (long) PixelFormat.BYTES);
    }

    PixelFormat format() {
        return format;
    }

    int width() {
        return width;
    }

    int height() {
        return height;
    }

    long stride() {
        return (long) width * PixelFormat.BYTES;
    }

    @Override
    public long size() {
        return memory.segment().byteSize();
    }

    @Override
    long hostBytes() {
        return size();
    }

    @Override
    MemorySegment host() {
        return memory.segment();
    }

    @Override
    void free() {
        memory.free();
    }

    @Override
    public boolean read(long offset, MemorySegment target, long at, long count) {
        MemorySegment.copy(memory.segment(), offset, target, at, count);
        return true;
    }

    @Override
    boolean write(long offset, MemorySegment source, long at, long count) {
        MemorySegment.copy(source, at, memory.segment(), offset, count);
        return true;
    }

    @Override
    public @Nullable String toString() {
        return "image " + id() + " " + width + "x" + height + " " + format;
    }
}
