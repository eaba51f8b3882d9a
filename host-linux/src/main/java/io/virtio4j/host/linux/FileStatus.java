// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

/**
 * What Linux says about an open file.
 *
 * @param type the kind of file
 * @param size the length in bytes; 0 for what has none, as devices and sockets
 * @param allocatedBytes the space it occupies in bytes, which for a sparse file is less than the
 *         length
 * @param blockSize the preferred size of an access in bytes
 * @param identity which file it is: equal for every descriptor of the same file
 */
public record FileStatus(Type type, long size, long allocatedBytes, int blockSize,
        Identity identity) {

    /**
     * Names a file for as long as it exists.
     *
     * @param device the file system's device, major number in the upper 32 bits
     * @param inode the inode number
     */
    public record Identity(long device, long inode) {}

    /** The kinds of file. */
    public enum Type {
        /** A regular file: also memory files, and those of tmpfs and hugetlbfs. */
        REGULAR(0x8000),
        /** A directory. */
        DIRECTORY(0x4000),
        /** A block device. */
        BLOCK_DEVICE(0x6000),
        /** A character device. */
        CHARACTER_DEVICE(0x2000),
        /** A pipe or a FIFO. */
        PIPE(0x1000),
        /** A socket. */
        SOCKET(0xc000),
        /** A symbolic link. */
        SYMBOLIC_LINK(0xa000),
        /** None of these: eventfds, epoll instances and their like. */
        OTHER(0);

        private static final int MASK = 0xf000;

        private final int mode;

        Type(int mode) {
            this.mode = mode;
        }

        static Type ofMode(int mode) {
            for (Type type : values()) {
                if (type.mode == (mode & MASK)) {
                    return type;
                }
            }
            return OTHER;
        }
    }
}
