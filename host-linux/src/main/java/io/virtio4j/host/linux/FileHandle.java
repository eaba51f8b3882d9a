// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Which file of a file system a node is, for when no descriptor holds it: {@code name_to_handle_at(2)} gives it for a
 * node that is held, and {@code open_by_handle_at(2)} holds that file again.
 *
 * <p>A file system gives the number of an inode, and a generation that differs if the number is another file's later.
 * So a handle leads to the same file or, once that is gone, to nothing: {@code ESTALE}. It leads there whatever
 * directories are on the way, which is why there is no way to make one but of a node, and why a process needs
 * {@code CAP_DAC_READ_SEARCH} to use it.
 *
 * <p>Handles are equal if they are of one file of one file system; those of different file systems mean nothing to each
 * other.
 */
public final class FileHandle {
    /** Bytes of the longest {@code struct file_handle}. */
    static final int SIZE_MAX = 8 + 128;

    private static final int HEADER = 8;
    private static final int AT_EMPTY_PATH = 0x1000;

    /** {@code struct file_handle}: how many bytes follow, their type, and they. */
    private final byte[] bytes;

    private FileHandle(byte[] bytes) {
        this.bytes = bytes;
    }

    /**
     * Asks for the handle of a file.
     *
     * @param node the file
     * @return its handle; null if its file system has none, as some have not that are in no place on their own
     * @throws LinuxException as {@code name_to_handle_at(2)} fails
     */
    public static @Nullable FileHandle of(LinuxNode node) throws LinuxException {
        CallBuffers buffers = LinuxNode.buffers();
        MemorySegment handle = buffers.handle;
        handle.set(JAVA_INT, 0, SIZE_MAX - HEADER);
        int fd = node.descriptor.acquire("name_to_handle_at");
        try {
            // The number of the mount, which is nothing new, goes where two positions have room.
            long result = SystemCall.NAME_TO_HANDLE_AT.call(fd, buffers.empty, handle.address(),
                    buffers.positions.address(), AT_EMPTY_PATH);
            if (result == -Errno.EOPNOTSUPP.number() || result == -Errno.EOVERFLOW.number()
                    || result == -Errno.ENOSYS.number()) {
                return null;
            }
            LinuxNode.check(SystemCall.NAME_TO_HANDLE_AT, result, fd, null);
        } finally {
            node.descriptor.release();
        }
        int length = handle.get(JAVA_INT, 0);
        return new FileHandle(handle.asSlice(0, HEADER + length).toArray(JAVA_BYTE));
    }

    /**
     * Holds the file again. Who uses the node looks whether it is what it was: a file system that gives no generations
     * may lead elsewhere.
     *
     * @param mount a file or directory that is open, and not only held, in the same mount
     * @return its node, owned by the caller
     * @throws LinuxException {@code ESTALE} if there is no such file any more, {@code EPERM} without
     *         {@code CAP_DAC_READ_SEARCH}; else as {@code open_by_handle_at(2)} fails
     */
    public LinuxNode hold(FileDescriptor mount) throws LinuxException {
        MemorySegment handle = LinuxNode.buffers().handle;
        MemorySegment.copy(bytes, 0, handle, JAVA_BYTE, 0, bytes.length);
        int fd = mount.acquire("open_by_handle_at");
        try {
            long result = SystemCall.OPEN_BY_HANDLE_AT.call(fd, handle.address(), LinuxNode.HOLD);
            LinuxNode.check(SystemCall.OPEN_BY_HANDLE_AT, result, fd, null);
            return new LinuxNode(new FileDescriptor((int) result));
        } finally {
            mount.release();
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof FileHandle handle && Arrays.equals(bytes, handle.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return "handle of " + (bytes.length - HEADER) + " bytes";
    }
}
