// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.netty.buffer.ByteBuf;
import java.io.IOException;

/** Lets nobody write to another backend, which may be shared by several devices then. */
public final class ReadOnlyBackend implements BlockBackend {

    private final BlockBackend base;

    /**
     * Protects a backend.
     *
     * @param base closed with this one
     */
    public ReadOnlyBackend(BlockBackend base) {
        this.base = base;
    }

    @Override
    public long size() {
        return base.size();
    }

    @Override
    public boolean isReadOnly() {
        return true;
    }

    /** There is nothing to force. */
    @Override
    public boolean isDurable() {
        return false;
    }

    @Override
    public void read(long offset, ByteBuf target) throws IOException {
        base.read(offset, target);
    }

    @Override
    public void write(long offset, ByteBuf source) throws IOException {
        throw new IOException("backend is read-only: offset=" + offset + " length=" + source.readableBytes());
    }

    @Override
    public long zero(long offset, long length, boolean mayUnmap) throws IOException {
        throw new IOException("backend is read-only: offset=" + offset + " length=" + length);
    }

    @Override
    public long discard(long offset, long length) throws IOException {
        throw new IOException("backend is read-only: offset=" + offset + " length=" + length);
    }

    @Override
    public void force() {}

    @Override
    public int gatherBelow() {
        return base.gatherBelow();
    }

    @Override
    public void close() throws IOException {
        base.close();
    }
}
