// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/** {@code struct statx}, which unlike {@code struct stat} is the same on every architecture. */
final class Statx {
    /** Everything that {@code stat} gives: {@code STATX_BASIC_STATS}. */
    static final int BASIC = 0x7ff;
    /** {@link #BASIC}, and {@code STATX_BTIME} and {@code STATX_MNT_ID}. */
    static final int ALL = 0x1fff;

    private static final int CREATED = 0x800;

    private static final StructLayout TIMESTAMP = CStruct.of("statx_timestamp", 16,
            JAVA_LONG.withName("tv_sec"),
            JAVA_INT.withName("tv_nsec"),
            MemoryLayout.paddingLayout(4));

    static final StructLayout LAYOUT = CStruct.of("statx", 256,
            JAVA_INT.withName("stx_mask"),
            JAVA_INT.withName("stx_blksize"),
            JAVA_LONG.withName("stx_attributes"),
            JAVA_INT.withName("stx_nlink"),
            JAVA_INT.withName("stx_uid"),
            JAVA_INT.withName("stx_gid"),
            JAVA_SHORT.withName("stx_mode"),
            MemoryLayout.paddingLayout(2),
            JAVA_LONG.withName("stx_ino"),
            JAVA_LONG.withName("stx_size"),
            JAVA_LONG.withName("stx_blocks"),
            JAVA_LONG.withName("stx_attributes_mask"),
            TIMESTAMP.withName("stx_atime"),
            TIMESTAMP.withName("stx_btime"),
            TIMESTAMP.withName("stx_ctime"),
            TIMESTAMP.withName("stx_mtime"),
            JAVA_INT.withName("stx_rdev_major"),
            JAVA_INT.withName("stx_rdev_minor"),
            JAVA_INT.withName("stx_dev_major"),
            JAVA_INT.withName("stx_dev_minor"),
            JAVA_LONG.withName("stx_mnt_id"),
            MemoryLayout.paddingLayout(104));

    private static final long BLOCK_SIZE = CStruct.offset(LAYOUT, "stx_blksize");
    private static final long MASK = CStruct.offset(LAYOUT, "stx_mask");
    private static final long FLAGS = CStruct.offset(LAYOUT, "stx_attributes");
    private static final long FLAGS_KNOWN = CStruct.offset(LAYOUT, "stx_attributes_mask");
    private static final long LINKS = CStruct.offset(LAYOUT, "stx_nlink");
    private static final long UID = CStruct.offset(LAYOUT, "stx_uid");
    private static final long GID = CStruct.offset(LAYOUT, "stx_gid");
    private static final long MODE = CStruct.offset(LAYOUT, "stx_mode");
    private static final long INODE = CStruct.offset(LAYOUT, "stx_ino");
    private static final long FILE_SIZE = CStruct.offset(LAYOUT, "stx_size");
    private static final long BLOCKS = CStruct.offset(LAYOUT, "stx_blocks");
    private static final long ACCESSED = CStruct.offset(LAYOUT, "stx_atime");
    private static final long BORN = CStruct.offset(LAYOUT, "stx_btime");
    private static final long CHANGED = CStruct.offset(LAYOUT, "stx_ctime");
    private static final long MODIFIED = CStruct.offset(LAYOUT, "stx_mtime");
    private static final long OWN_MAJOR = CStruct.offset(LAYOUT, "stx_rdev_major");
    private static final long OWN_MINOR = CStruct.offset(LAYOUT, "stx_rdev_minor");
    private static final long MOUNT = CStruct.offset(LAYOUT, "stx_mnt_id");
    private static final long DEVICE_MAJOR = CStruct.offset(LAYOUT, "stx_dev_major");
    private static final long DEVICE_MINOR = CStruct.offset(LAYOUT, "stx_dev_minor");

    private static final int UNIT_OF_BLOCKS = 512;

    private Statx() {}

    static FileStatus status(MemorySegment statx) {
        return new FileStatus(
                FileStatus.Type.ofMode(Short.toUnsignedInt(statx.get(JAVA_SHORT, MODE))),
                statx.get(JAVA_LONG, FILE_SIZE),
                statx.get(JAVA_LONG, BLOCKS) * UNIT_OF_BLOCKS,
                statx.get(JAVA_INT, BLOCK_SIZE),
                identity(statx));
    }

    private static FileStatus.Identity identity(MemorySegment statx) {
        long device = (long) statx.get(JAVA_INT, DEVICE_MAJOR) << 32
                | Integer.toUnsignedLong(statx.get(JAVA_INT, DEVICE_MINOR));
        return new FileStatus.Identity(device, statx.get(JAVA_LONG, INODE));
    }

    static FileAttributes attributes(MemorySegment statx) {
        boolean born = (statx.get(JAVA_INT, MASK) & CREATED) != 0;
        return new FileAttributes(Short.toUnsignedInt(statx.get(JAVA_SHORT, MODE)), statx.get(JAVA_INT, LINKS),
                statx.get(JAVA_INT, UID), statx.get(JAVA_INT, GID), identity(statx),
                statx.get(JAVA_LONG, FILE_SIZE), statx.get(JAVA_LONG, BLOCKS), statx.get(JAVA_INT, BLOCK_SIZE),
                statx.get(JAVA_INT, OWN_MAJOR), statx.get(JAVA_INT, OWN_MINOR), time(statx, ACCESSED),
                time(statx, MODIFIED), time(statx, CHANGED),
                born ? time(statx, BORN) : FileAttributes.Time.UNKNOWN, statx.get(JAVA_LONG, FLAGS),
                statx.get(JAVA_LONG, FLAGS_KNOWN), statx.get(JAVA_LONG, MOUNT));
    }

    private static FileAttributes.Time time(MemorySegment statx, long at) {
        return new FileAttributes.Time(statx.get(JAVA_LONG, at), statx.get(JAVA_INT, at + Long.BYTES));
    }
}
