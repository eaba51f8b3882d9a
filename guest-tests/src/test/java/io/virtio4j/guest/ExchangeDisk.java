// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.netty.buffer.Unpooled;
import io.virtio4j.blk.BlockDevice;
import io.virtio4j.blk.MemoryBackend;
import java.io.IOException;
import java.io.UncheckedIOException;

/** A disk without a file system, by which files come into a guest and out of it quickly. */
final class ExchangeDisk implements AutoCloseable {

    private static final int BLOCK = 1 << 16;
    private static final long SIZE = 64 << 20;
    private static final int SLOT = 7;

    private final MemoryBackend backend = new MemoryBackend(SIZE);
    private final ServedDisk served;
    private long next;

    private ExchangeDisk(SharedDirectory shared, Wiring wiring) throws IOException {
        served = ServedDisk.serve(shared, SLOT, wiring, BlockDevice.of(backend), device -> device);
    }

    static ExchangeDisk serve(SharedDirectory shared, Wiring wiring) throws IOException {
        return new ExchangeDisk(shared, wiring);
    }

    LinuxGuest.Builder plugInto(LinuxGuest.Builder machine) {
        return served.plugInto(machine);
    }

    private long allocate(long bytes) {
        long at = next;
        next += Math.ceilDiv(bytes, BLOCK);
        if (next * BLOCK > SIZE) {
            next = 0;
            return allocate(bytes);
        }
        return at;
    }

    /** Makes a file in the guest. */
    void put(LinuxGuest guest, String file, byte[] content) {
        long block = allocate(content.length);
        try {
            backend.write(block * BLOCK, Unpooled.wrappedBuffer(content));
        } catch (IOException failure) {
            throw new UncheckedIOException("disk of the test", failure);
        }
        guest.run("dd if=/dev/vda of=%1$s bs=%2$d skip=%3$d count=%4$d iflag=direct && truncate -s %5$d %1$s".formatted(
            file, BLOCK, block, Math.ceilDiv(content.length, BLOCK), content.length)).success();
    }

    /** What a file in the guest holds. */
    byte[] take(LinuxGuest guest, String file) {
        int length = Integer.parseInt(guest.run("stat -c %s " + file).success());
        long block = allocate(length);
        guest.run("dd if=%s of=/dev/vda bs=%d seek=%d conv=fsync".formatted(file, BLOCK, block)).success();
        byte[] content = new byte[length];
        try {
            backend.read(block * BLOCK, Unpooled.wrappedBuffer(content).clear());
        } catch (IOException failure) {
            throw new UncheckedIOException("disk of the test", failure);
        }
        return content;
    }

    @Override
    public void close() {
        served.close();
    }
}
