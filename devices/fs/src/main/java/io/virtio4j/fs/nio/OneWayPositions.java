// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.nio;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file of a file system whose channels go forward only, as those of the JDK's own modules: what lies before is read
 * from the beginning again.
 */
final class OneWayPositions implements ChannelFile.Positions {

    private static final int SKIPPED_AT_ONCE = 16 << 10;

    private final Path path;
    private final long size;
    private SeekableByteChannel channel;
    private long position;

    OneWayPositions(Path path, SeekableByteChannel channel) throws IOException {
        this.path = path;
        this.channel = channel;
        size = channel.size();
    }

    @Override
    public synchronized int read(ByteBuffer target, long at) throws IOException {
        if (at >= size) {
            return -1;
        }
        if (at < position) {
            channel.close();
            channel = Files.newByteChannel(path);
            position = 0;
        }
        skipTo(at);
        int read = position < at ? -1 : channel.read(target);
        position += Math.max(0, read);
        return read;
    }

    private void skipTo(long at) throws IOException {
        if (position == at) {
            return;
        }
        ByteBuffer skipped = ByteBuffer.allocate((int) Math.min(at - position, SKIPPED_AT_ONCE));
        while (position < at) {
            skipped.clear().limit((int) Math.min(at - position, skipped.capacity()));
            int read = channel.read(skipped);
            if (read <= 0) {
                return;
            }
            position += read;
        }
    }

    @Override
    public int write(ByteBuffer source, long at) {
        throw new NonWritableChannelException();
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void truncate(long newSize) {
        throw new NonWritableChannelException();
    }

    @Override
    public void force(boolean metadata) {}

    @Override
    public synchronized void close() throws IOException {
        channel.close();
    }
}
