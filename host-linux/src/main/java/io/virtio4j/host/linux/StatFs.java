// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/** {@code struct statfs}, of a file system. */
final class StatFs {
    static final long HUGETLBFS_MAGIC = 0x958458f6L;

    static final StructLayout LAYOUT = CStruct.of("statfs", 120,
            JAVA_LONG.withName("f_type"),
            JAVA_LONG.withName("f_bsize"),
            JAVA_LONG.withName("f_blocks"),
            JAVA_LONG.withName("f_bfree"),
            JAVA_LONG.withName("f_bavail"),
            JAVA_LONG.withName("f_files"),
            JAVA_LONG.withName("f_ffree"),
            MemoryLayout.sequenceLayout(2, JAVA_INT).withName("f_fsid"),
            JAVA_LONG.withName("f_namelen"),
            JAVA_LONG.withName("f_frsize"),
            JAVA_LONG.withName("f_flags"),
            MemoryLayout.sequenceLayout(4, JAVA_LONG).withName("f_spare"));

    static final long TYPE = CStruct.offset(LAYOUT, "f_type");
    static final long BLOCK_SIZE = CStruct.offset(LAYOUT, "f_bsize");

    static final long PROC_MAGIC = 0x9fa0;

    private static final long BLOCKS = CStruct.offset(LAYOUT, "f_blocks");
    private static final long FREE = CStruct.offset(LAYOUT, "f_bfree");
    private static final long AVAILABLE = CStruct.offset(LAYOUT, "f_bavail");
    private static final long FILES = CStruct.offset(LAYOUT, "f_files");
    private static final long FREE_FILES = CStruct.offset(LAYOUT, "f_ffree");
    private static final long NAME_LENGTH = CStruct.offset(LAYOUT, "f_namelen");
    private static final long FRAGMENT = CStruct.offset(LAYOUT, "f_frsize");

    private StatFs() {}

    static FileSystemStatus status(MemorySegment statFs) {
        return new FileSystemStatus(statFs.get(JAVA_LONG, TYPE), statFs.get(JAVA_LONG, BLOCK_SIZE),
                statFs.get(JAVA_LONG, FRAGMENT), statFs.get(JAVA_LONG, BLOCKS), statFs.get(JAVA_LONG, FREE),
                statFs.get(JAVA_LONG, AVAILABLE), statFs.get(JAVA_LONG, FILES), statFs.get(JAVA_LONG, FREE_FILES),
                statFs.get(JAVA_LONG, NAME_LENGTH));
    }
}
