// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import java.lang.foreign.MemorySegment;

/**
 * The extended attributes of a file of any kind: {@code xattr(7)}. Names are bytes with their namespace, as in
 * {@code user.mime}, without a final zero.
 */
public final class ExtendedAttributes {
    private final FileDescriptor descriptor;

    ExtendedAttributes(FileDescriptor descriptor) {
        this.descriptor = descriptor;
    }

    /**
     * Reads an extended attribute.
     *
     * @param name with its namespace, as in {@code user.mime}
     * @param to native memory for the value; empty to ask for its length
     * @return the length of the value in bytes; -1 if there is no such attribute
     * @throws LinuxException {@code ERANGE} if the value is longer; else as {@code getxattr(2)} fails
     */
    public long get(byte[] name, MemorySegment to) throws LinuxException {
        requireAttributeName(name);
        CallBuffers buffers = LinuxNode.buffers();
        int fd = descriptor.acquire("getxattr");
        try {
            long result = SystemCall.GETXATTR.call(buffers.openFile(fd), buffers.otherPath(name), to, to.byteSize(), 0);
            return result == -Errno.ENODATA.number() ? -1 : LinuxNode.check(SystemCall.GETXATTR, result, fd, name);
        } finally {
            descriptor.release();
        }
    }

    /**
     * Sets an extended attribute.
     *
     * @param name with its namespace
     * @param value native memory
     * @param flags those of {@code setxattr(2)}: 1 creates, 2 replaces
     * @throws LinuxException as {@code setxattr(2)} fails
     */
    public void set(byte[] name, MemorySegment value, int flags) throws LinuxException {
        requireAttributeName(name);
        CallBuffers buffers = LinuxNode.buffers();
        int fd = descriptor.acquire("setxattr");
        try {
            long result = SystemCall.SETXATTR.call(
                    buffers.openFile(fd), buffers.otherPath(name), value, value.byteSize(), flags);
            LinuxNode.check(SystemCall.SETXATTR, result, fd, name);
        } finally {
            descriptor.release();
        }
    }

    /**
     * Lists the extended attributes.
     *
     * @param to native memory for their names, each followed by a zero; empty to ask for their length
     * @return the length in bytes
     * @throws LinuxException {@code ERANGE} if the list is longer; else as {@code listxattr(2)} fails
     */
    public long names(MemorySegment to) throws LinuxException {
        CallBuffers buffers = LinuxNode.buffers();
        int fd = descriptor.acquire("listxattr");
        try {
            long result = SystemCall.LISTXATTR.call(buffers.openFile(fd), to, to.byteSize());
            return LinuxNode.check(SystemCall.LISTXATTR, result, fd, null);
        } finally {
            descriptor.release();
        }
    }

    /**
     * Removes an extended attribute.
     *
     * @param name with its namespace
     * @throws LinuxException {@code ENODATA} if there is none; else as {@code removexattr(2)} fails
     */
    public void remove(byte[] name) throws LinuxException {
        requireAttributeName(name);
        CallBuffers buffers = LinuxNode.buffers();
        int fd = descriptor.acquire("removexattr");
        try {
            long result = SystemCall.REMOVEXATTR.call(buffers.openFile(fd), buffers.otherPath(name));
            LinuxNode.check(SystemCall.REMOVEXATTR, result, fd, name);
        } finally {
            descriptor.release();
        }
    }

    private static void requireAttributeName(byte[] name) throws LinuxException {
        LinuxNode.requireNoZero(name);
        if (name.length > CallBuffers.NAME_MAX) {
            throw new LinuxException("name", Errno.ERANGE.number(), "bytes=" + name.length);
        }
    }
}
