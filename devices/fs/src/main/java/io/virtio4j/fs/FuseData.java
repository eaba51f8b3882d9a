// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.Le64;
import io.virtio4j.core.wire.StructLayout;

/**
 * The structures of FUSE 7.45 that deal with open files and their data, each declared once. In the byte order of the
 * driver: read and written through {@link Fields}.
 */
final class FuseData {

    private FuseData() {}

    /** {@code struct fuse_open_in}. */
    static final class OpenIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_open_in");

        static final Le32 FLAGS = LAYOUT.le32("flags");
        static final Le32 OPEN_FLAGS = LAYOUT.le32("open_flags");

        static final int SIZE = LAYOUT.size(8);

        private OpenIn() {}
    }

    /** {@code struct fuse_create_in}. */
    static final class CreateIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_create_in");

        static final Le32 FLAGS = LAYOUT.le32("flags");
        static final Le32 MODE = LAYOUT.le32("mode");
        static final Le32 UMASK = LAYOUT.le32("umask");
        static final Le32 OPEN_FLAGS = LAYOUT.le32("open_flags");

        static final int SIZE = LAYOUT.size(16);

        private CreateIn() {}
    }

    /** {@code struct fuse_open_out}. */
    static final class OpenOut {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_open_out");

        static final Le64 FH = LAYOUT.le64("fh");
        static final Le32 OPEN_FLAGS = LAYOUT.le32("open_flags");
        static final Le32 BACKING_ID = LAYOUT.le32("backing_id");

        static final int SIZE = LAYOUT.size(16);

        private OpenOut() {}
    }

    /** {@code struct fuse_release_in}. */
    static final class ReleaseIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_release_in");

        static final Le64 FH = LAYOUT.le64("fh");
        static final Le32 FLAGS = LAYOUT.le32("flags");
        static final Le32 RELEASE_FLAGS = LAYOUT.le32("release_flags");
        static final Le64 LOCK_OWNER = LAYOUT.le64("lock_owner");

        static final int SIZE = LAYOUT.size(24);

        private ReleaseIn() {}
    }

    /** {@code struct fuse_flush_in}. */
    static final class FlushIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_flush_in");

        static final Le64 FH = LAYOUT.le64("fh");
        static final Le32 UNUSED = LAYOUT.le32("unused");
        static final Le32 PADDING = LAYOUT.le32("padding");
        static final Le64 LOCK_OWNER = LAYOUT.le64("lock_owner");

        static final int SIZE = LAYOUT.size(24);

        private FlushIn() {}
    }

    /** {@code struct fuse_read_in}. */
    static final class ReadIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_read_in");

        static final Le64 FH = LAYOUT.le64("fh");
        static final Le64 OFFSET = LAYOUT.le64("offset");
        static final Le32 SIZE_FIELD = LAYOUT.le32("size");
        static final Le32 READ_FLAGS = LAYOUT.le32("read_flags");
        static final Le64 LOCK_OWNER = LAYOUT.le64("lock_owner");
        static final Le32 FLAGS = LAYOUT.le32("flags");
        static final Le32 PADDING = LAYOUT.le32("padding");

        static final int SIZE = LAYOUT.size(40);

        private ReadIn() {}
    }

    /** {@code struct fuse_write_in}. */
    static final class WriteIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_write_in");

        static final Le64 FH = LAYOUT.le64("fh");
        static final Le64 OFFSET = LAYOUT.le64("offset");
        static final Le32 SIZE_FIELD = LAYOUT.le32("size");
        static final Le32 WRITE_FLAGS = LAYOUT.le32("write_flags");
        static final Le64 LOCK_OWNER = LAYOUT.le64("lock_owner");
        static final Le32 FLAGS = LAYOUT.le32("flags");
        static final Le32 PADDING = LAYOUT.le32("padding");

        static final int SIZE = LAYOUT.size(40);

        private WriteIn() {}
    }

    /** {@code struct fuse_write_out}. Laid out as {@code fuse_getxattr_out}. */
    static final class SizeOut {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_write_out");

        static final Le32 SIZE_FIELD = LAYOUT.le32("size");
        static final Le32 PADDING = LAYOUT.le32("padding");

        static final int SIZE = LAYOUT.size(8);

        private SizeOut() {}
    }

    /** {@code struct fuse_kstatfs}. */
    static final class KstatfsOut {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_kstatfs");

        static final Le64 BLOCKS = LAYOUT.le64("blocks");
        static final Le64 BFREE = LAYOUT.le64("bfree");
        static final Le64 BAVAIL = LAYOUT.le64("bavail");
        static final Le64 FILES = LAYOUT.le64("files");
        static final Le64 FFREE = LAYOUT.le64("ffree");
        static final Le32 BSIZE = LAYOUT.le32("bsize");
        static final Le32 NAMELEN = LAYOUT.le32("namelen");
        static final Le32 FRSIZE = LAYOUT.le32("frsize");
        static final Le32 PADDING = LAYOUT.le32("padding");
        static final int SPARE = LAYOUT.bytes("spare", 24);

        static final int SIZE = LAYOUT.size(80);

        private KstatfsOut() {}
    }

    /** {@code struct fuse_fsync_in}. */
    static final class FsyncIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_fsync_in");

        static final Le64 FH = LAYOUT.le64("fh");
        static final Le32 FSYNC_FLAGS = LAYOUT.le32("fsync_flags");
        static final Le32 PADDING = LAYOUT.le32("padding");

        static final int SIZE = LAYOUT.size(16);

        private FsyncIn() {}
    }

    /** {@code struct fuse_lk_in}. */
    static final class LkIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_lk_in");

        static final Le64 FH = LAYOUT.le64("fh");
        static final Le64 OWNER = LAYOUT.le64("owner");
        static final Le64 START = LAYOUT.le64("start");
        static final Le64 END = LAYOUT.le64("end");
        static final Le32 TYPE = LAYOUT.le32("type");
        static final Le32 PID = LAYOUT.le32("pid");
        static final Le32 LK_FLAGS = LAYOUT.le32("lk_flags");
        static final Le32 PADDING = LAYOUT.le32("padding");

        static final int SIZE = LAYOUT.size(48);

        private LkIn() {}
    }

    /** {@code struct fuse_file_lock}. */
    static final class FileLock {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_file_lock");

        static final Le64 START = LAYOUT.le64("start");
        static final Le64 END = LAYOUT.le64("end");
        static final Le32 TYPE = LAYOUT.le32("type");
        static final Le32 PID = LAYOUT.le32("pid");

        static final int SIZE = LAYOUT.size(24);

        private FileLock() {}
    }

    /** {@code struct fuse_fallocate_in}. */
    static final class FallocateIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_fallocate_in");

        static final Le64 FH = LAYOUT.le64("fh");
        static final Le64 OFFSET = LAYOUT.le64("offset");
        static final Le64 LENGTH = LAYOUT.le64("length");
        static final Le32 MODE = LAYOUT.le32("mode");
        static final Le32 PADDING = LAYOUT.le32("padding");

        static final int SIZE = LAYOUT.size(32);

        private FallocateIn() {}
    }

    /** {@code struct fuse_dirent}. The name follows. */
    static final class Dirent {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_dirent");

        static final Le64 INO = LAYOUT.le64("ino");
        static final Le64 OFF = LAYOUT.le64("off");
        static final Le32 NAMELEN = LAYOUT.le32("namelen");
        static final Le32 TYPE = LAYOUT.le32("type");

        static final int SIZE = LAYOUT.size(24);

        private Dirent() {}
    }

    /** {@code struct fuse_lseek_in}. */
    static final class LseekIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_lseek_in");

        static final Le64 FH = LAYOUT.le64("fh");
        static final Le64 OFFSET = LAYOUT.le64("offset");
        static final Le32 WHENCE = LAYOUT.le32("whence");
        static final Le32 PADDING = LAYOUT.le32("padding");

        static final int SIZE = LAYOUT.size(24);

        private LseekIn() {}
    }

    /** {@code struct fuse_lseek_out}. Laid out as {@code fuse_copy_file_range_out}. */
    static final class OffsetOut {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_lseek_out");

        static final Le64 OFFSET = LAYOUT.le64("offset");

        static final int SIZE = LAYOUT.size(8);

        private OffsetOut() {}
    }

    /** {@code struct fuse_copy_file_range_in}. */
    static final class CopyFileRangeIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_copy_file_range_in");

        static final Le64 FH_IN = LAYOUT.le64("fh_in");
        static final Le64 OFF_IN = LAYOUT.le64("off_in");
        static final Le64 NODEID_OUT = LAYOUT.le64("nodeid_out");
        static final Le64 FH_OUT = LAYOUT.le64("fh_out");
        static final Le64 OFF_OUT = LAYOUT.le64("off_out");
        static final Le64 LEN = LAYOUT.le64("len");
        static final Le64 FLAGS = LAYOUT.le64("flags");

        static final int SIZE = LAYOUT.size(56);

        private CopyFileRangeIn() {}
    }

    /** {@code struct fuse_setupmapping_in}. */
    static final class SetupmappingIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_setupmapping_in");

        static final Le64 FH = LAYOUT.le64("fh");
        static final Le64 FOFFSET = LAYOUT.le64("foffset");
        static final Le64 LEN = LAYOUT.le64("len");
        static final Le64 FLAGS = LAYOUT.le64("flags");
        static final Le64 MOFFSET = LAYOUT.le64("moffset");

        static final int SIZE = LAYOUT.size(40);

        private SetupmappingIn() {}
    }

    /** {@code struct fuse_removemapping_in}. */
    static final class RemovemappingIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_removemapping_in");

        static final Le32 COUNT = LAYOUT.le32("count");

        static final int SIZE = LAYOUT.size(4);

        private RemovemappingIn() {}
    }

    /** {@code struct fuse_removemapping_one}. */
    static final class RemovemappingOne {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_removemapping_one");

        static final Le64 MOFFSET = LAYOUT.le64("moffset");
        static final Le64 LEN = LAYOUT.le64("len");

        static final int SIZE = LAYOUT.size(16);

        private RemovemappingOne() {}
    }
}
