// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * A file that no interrupt closes.
 *
 * <p>An interrupt of a thread in the middle of channel I/O closes the channel, for everybody. Here the
 * channels are views that do not own the file's descriptor: closing one leaves the descriptor open, a new
 * view takes its place, and the transfer, which says where it goes, is done again. There is one descriptor
 * for reads, writes and force, as long as the file is open, so an error of write-back is reported to it.
 *
 * <p>Nothing is allocated per transfer. Each interrupt that hits a transfer leaves some hundred bytes behind
 * until the file is closed.
 */
final class SteadyFile implements FileAccess {

    private final RandomAccessFile file;
    private final FileDescriptor descriptor;
    private volatile FileChannel reads;
    private volatile FileChannel writes;

    /** For {@link ForceThread} alone: closing it in the middle would hide whether the force failed. */
    private final FileChannel forces;

    private int renewals; // guarded by this
    private volatile boolean closed;

    SteadyFile(Path path, boolean writable) throws IOException {
        file = new RandomAccessFile(path.toFile(), writable ? "rw" : "r");
        descriptor = file.getFD();
        reads = readView(descriptor);
        writes = writeView(descriptor);
        forces = writeView(descriptor);
    }

    @SuppressWarnings("resource") // it owns nothing
    private static FileChannel readView(FileDescriptor descriptor) {
        return new FileInputStream(descriptor) {
            @Override
            public void close() {
                // The descriptor is not the view's.
            }
        }.getChannel();
    }

    @SuppressWarnings("resource") // it owns nothing
    private static FileChannel writeView(FileDescriptor descriptor) {
        return new FileOutputStream(descriptor) {
            @Override
            public void close() {
                // The descriptor is not the view's.
            }
        }.getChannel();
    }

    @Override
    public long size() throws IOException {
        return file.length();
    }

    void setSize(long size) throws IOException {
        file.setLength(size);
    }

    @Override
    public int read(ByteBuffer target, long offset) throws IOException {
        int start = target.position();
        // A pending interrupt would close the channel before it did anything.
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                FileChannel view = reads;
                try {
                    return view.read(target, offset);
                } catch (ClosedChannelException e) {
                    refuseIfClosed(e);
                    interrupted |= Thread.interrupted();
                    target.position(start);
                    renewReads(view);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public int write(ByteBuffer source, long offset) throws IOException {
        int start = source.position();
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                FileChannel view = writes;
                try {
                    return view.write(source, offset);
                } catch (ClosedChannelException e) {
                    refuseIfClosed(e);
                    interrupted |= Thread.interrupted();
                    source.position(start);
                    renewWrites(view);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void refuseIfClosed(ClosedChannelException e) throws ClosedChannelException {
        if (closed) {
            throw e;
        }
    }

    private synchronized void renewReads(FileChannel stale) {
        if (reads == stale) {
            reads = readView(descriptor);
            renewals++;
        }
    }

    private synchronized void renewWrites(FileChannel stale) {
        if (writes == stale) {
            writes = writeView(descriptor);
            renewals++;
        }
    }

    /** How often an interrupt closed a view. */
    synchronized int renewals() {
        return renewals;
    }

    @Override
    public void force() throws IOException {
        if (Thread.currentThread() instanceof ForceThread) {
            forces.force(false); // fdatasync
        } else {
            descriptor.sync(); // fsync: dearer, but no channel, which an interrupt could close
        }
    }

    @Override
    public void close() throws IOException {
        closed = true;
        file.close();
    }
}
