// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk.linux;

import io.virtio4j.blk.FileBackend;
import io.virtio4j.blk.HolePuncher;
import io.virtio4j.host.linux.Errno;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.host.linux.LinuxFile;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Gives the storage in the middle of a file back, and zeroes ranges without writing them: {@code fallocate}.
 *
 * <pre>{@code
 * FileBackend backend = LinuxHolePuncher.openBackend(Path.of("disk.img"));
 * }</pre>
 *
 * <p>Needs Linux, and Java with {@code --enable-native-access=io.virtio4j.host.linux}.
 */
public final class LinuxHolePuncher implements HolePuncher {

    private final LinuxFile file;

    private LinuxHolePuncher(LinuxFile file) {
        this.file = file;
    }

    /**
     * Opens a regular file or a block device for writing.
     *
     * @throws IOException if there is none, or it may not be written
     */
    public static LinuxHolePuncher open(Path path) throws IOException {
        return new LinuxHolePuncher(LinuxFile.open(path, LinuxFile.Option.WRITE));
    }

    /** Opens an existing file for reading and writing, with holes: DISCARD gives storage back. */
    public static FileBackend openBackend(Path path) throws IOException {
        LinuxHolePuncher puncher = open(path);
        try {
            return FileBackend.open(path, puncher);
        } catch (IOException | RuntimeException e) {
            puncher.close();
            throw e;
        }
    }

    /** A call of the file. */
    private interface Call {
        void run() throws LinuxException;
    }

    @Override
    public boolean punch(long offset, long length) throws IOException {
        return can(() -> file.punchHole(offset, length));
    }

    @Override
    public boolean zero(long offset, long length) throws IOException {
        return can(() -> file.zeroRange(offset, length));
    }

    /** What a file system cannot do it refuses before it changes anything. */
    private static boolean can(Call call) throws IOException {
        try {
            call.run();
            return true;
        } catch (LinuxException e) {
            if (e.error() == Errno.EOPNOTSUPP || e.error() == Errno.ENOSYS) {
                return false;
            }
            throw e;
        }
    }

    @Override
    public void close() {
        file.close();
    }

    @Override
    public String toString() {
        return "LinuxHolePuncher[" + file + "]";
    }
}
