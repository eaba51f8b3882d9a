// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import org.jspecify.annotations.Nullable;

/**
 * The requests of FUSE 7.45 that are implemented: {@code enum fuse_opcode}. All others are answered with ENOSYS, which
 * drivers understand as "not there".
 */
enum FuseOpcode {
    LOOKUP(1, 0, 128),
    FORGET(2, 8, FuseOpcode.NO_REPLY),
    GETATTR(3, 16, 104),
    SETATTR(4, 88, 104, true),
    READLINK(5, 0, 0),
    SYMLINK(6, 0, 128, true),
    MKNOD(8, 16, 128, true),
    MKDIR(9, 8, 128, true),
    UNLINK(10, 0, 0, true),
    RMDIR(11, 0, 0, true),
    RENAME(12, 8, 0, true),
    LINK(13, 8, 128, true),
    OPEN(14, 8, 16),
    READ(15, 40, 0),
    WRITE(16, 40, 8, true),
    STATFS(17, 0, 80),
    RELEASE(18, 24, 0),
    FSYNC(20, 16, 0),
    SETXATTR(21, 8, 0, true),
    GETXATTR(22, 8, 0),
    LISTXATTR(23, 8, 0),
    REMOVEXATTR(24, 0, 0, true),
    FLUSH(25, 24, 0),
    INIT(26, 8, 8),
    OPENDIR(27, 8, 16),
    READDIR(28, 40, 0),
    RELEASEDIR(29, 24, 0),
    FSYNCDIR(30, 16, 0),
    GETLK(31, 48, 24),
    SETLK(32, 48, 0),
    SETLKW(33, 48, 0),
    CREATE(35, 16, 144, true),
    INTERRUPT(36, 8, FuseOpcode.NO_REPLY),
    DESTROY(38, 0, 0),
    IOCTL(39, 0, 0),
    BATCH_FORGET(42, 8, FuseOpcode.NO_REPLY),
    FALLOCATE(43, 32, 0, true),
    READDIRPLUS(44, 40, 0),
    RENAME2(45, 16, 0, true),
    LSEEK(46, 24, 8),
    COPY_FILE_RANGE(47, 56, 8, true),
    SETUPMAPPING(48, 40, 0),
    REMOVEMAPPING(49, 4, 0),
    SYNCFS(50, 8, 0),
    TMPFILE(51, 16, 144, true),
    STATX(52, 24, 288),
    COPY_FILE_RANGE_64(53, 56, 8, true);

    static final int NO_REPLY = -1;

    /** {@code FUSE_INIT} as a driver of the other byte order writes it. */
    static final int INIT_SWAPPED = 436207616;

    private static final @Nullable FuseOpcode[] BY_NUMBER = new FuseOpcode[64];

    static {
        for (FuseOpcode opcode : values()) {
            BY_NUMBER[opcode.number] = opcode;
        }
    }

    final int number;
    /** The structure that follows the header, in bytes; names and data come after it. */
    final int inSize;
    /** The structure that follows the header of the reply, in bytes. */
    final int outSize;
    /** Whether it changes the file system, whatever else it says. */
    final boolean changes;

    FuseOpcode(int number, int inSize, int outSize) {
        this(number, inSize, outSize, false);
    }

    FuseOpcode(int number, int inSize, int outSize, boolean changes) {
        this.number = number;
        this.inSize = inSize;
        this.outSize = outSize;
        this.changes = changes;
    }

    static @Nullable FuseOpcode of(long number) {
        return number < BY_NUMBER.length ? BY_NUMBER[(int) number] : null;
    }

    boolean hasReply() {
        return outSize != NO_REPLY;
    }
}
