// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.core.wire.Le16;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.Le64;
import io.virtio4j.core.wire.StructLayout;

/**
 * The structures of FUSE 7.45 that are used, each declared once: those of the session, of nodes and names, and of
 * notify messages. In the byte order of the driver: read and written through {@link Fields}.
 */
final class FuseWire {

    private FuseWire() {}

    /** {@code struct fuse_in_header}. */
    static final class InHeader {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_in_header");

        static final Le32 LEN = LAYOUT.le32("len");
        static final Le32 OPCODE = LAYOUT.le32("opcode");
        static final Le64 UNIQUE = LAYOUT.le64("unique");
        static final Le64 NODEID = LAYOUT.le64("nodeid");
        static final Le32 UID = LAYOUT.le32("uid");
        static final Le32 GID = LAYOUT.le32("gid");
        static final Le32 PID = LAYOUT.le32("pid");
        static final Le16 TOTAL_EXTLEN = LAYOUT.le16("total_extlen");
        static final Le16 PADDING = LAYOUT.le16("padding");

        static final int SIZE = LAYOUT.size(40);

        private InHeader() {}
    }

    /** {@code struct fuse_out_header}. */
    static final class OutHeader {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_out_header");

        static final Le32 LEN = LAYOUT.le32("len");
        static final Le32 ERROR = LAYOUT.le32("error");
        static final Le64 UNIQUE = LAYOUT.le64("unique");

        static final int SIZE = LAYOUT.size(16);

        private OutHeader() {}
    }

    /** {@code struct fuse_attr}. */
    static final class Attr {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_attr");

        static final Le64 INO = LAYOUT.le64("ino");
        static final Le64 SIZE_FIELD = LAYOUT.le64("size");
        static final Le64 BLOCKS = LAYOUT.le64("blocks");
        static final Le64 ATIME = LAYOUT.le64("atime");
        static final Le64 MTIME = LAYOUT.le64("mtime");
        static final Le64 CTIME = LAYOUT.le64("ctime");
        static final Le32 ATIMENSEC = LAYOUT.le32("atimensec");
        static final Le32 MTIMENSEC = LAYOUT.le32("mtimensec");
        static final Le32 CTIMENSEC = LAYOUT.le32("ctimensec");
        static final Le32 MODE = LAYOUT.le32("mode");
        static final Le32 NLINK = LAYOUT.le32("nlink");
        static final Le32 UID = LAYOUT.le32("uid");
        static final Le32 GID = LAYOUT.le32("gid");
        static final Le32 RDEV = LAYOUT.le32("rdev");
        static final Le32 BLKSIZE = LAYOUT.le32("blksize");
        static final Le32 FLAGS = LAYOUT.le32("flags");

        static final int SIZE = LAYOUT.size(88);

        private Attr() {}
    }

    /** {@code struct fuse_entry_out}. Without {@code attr}, which follows. */
    static final class EntryOut {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_entry_out");

        static final Le64 NODEID = LAYOUT.le64("nodeid");
        static final Le64 GENERATION = LAYOUT.le64("generation");
        static final Le64 ENTRY_VALID = LAYOUT.le64("entry_valid");
        static final Le64 ATTR_VALID = LAYOUT.le64("attr_valid");
        static final Le32 ENTRY_VALID_NSEC = LAYOUT.le32("entry_valid_nsec");
        static final Le32 ATTR_VALID_NSEC = LAYOUT.le32("attr_valid_nsec");

        static final int SIZE = LAYOUT.size(40);

        private EntryOut() {}
    }

    /** {@code struct fuse_attr_out}. Without {@code attr}, which follows. */
    static final class AttrOut {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_attr_out");

        static final Le64 ATTR_VALID = LAYOUT.le64("attr_valid");
        static final Le32 ATTR_VALID_NSEC = LAYOUT.le32("attr_valid_nsec");
        static final Le32 DUMMY = LAYOUT.le32("dummy");

        static final int SIZE = LAYOUT.size(16);

        private AttrOut() {}
    }

    /** {@code struct fuse_forget_in}. */
    static final class ForgetIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_forget_in");

        static final Le64 NLOOKUP = LAYOUT.le64("nlookup");

        static final int SIZE = LAYOUT.size(8);

        private ForgetIn() {}
    }

    /** {@code struct fuse_forget_one}. */
    static final class ForgetOne {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_forget_one");

        static final Le64 NODEID = LAYOUT.le64("nodeid");
        static final Le64 NLOOKUP = LAYOUT.le64("nlookup");

        static final int SIZE = LAYOUT.size(16);

        private ForgetOne() {}
    }

    /** {@code struct fuse_batch_forget_in}. */
    static final class BatchForgetIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_batch_forget_in");

        static final Le32 COUNT = LAYOUT.le32("count");
        static final Le32 DUMMY = LAYOUT.le32("dummy");

        static final int SIZE = LAYOUT.size(8);

        private BatchForgetIn() {}
    }

    /** {@code struct fuse_getattr_in}. */
    static final class GetattrIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_getattr_in");

        static final Le32 GETATTR_FLAGS = LAYOUT.le32("getattr_flags");
        static final Le32 DUMMY = LAYOUT.le32("dummy");
        static final Le64 FH = LAYOUT.le64("fh");

        static final int SIZE = LAYOUT.size(16);

        private GetattrIn() {}
    }

    /** {@code struct fuse_setattr_in}. */
    static final class SetattrIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_setattr_in");

        static final Le32 VALID = LAYOUT.le32("valid");
        static final Le32 PADDING = LAYOUT.le32("padding");
        static final Le64 FH = LAYOUT.le64("fh");
        static final Le64 SIZE_FIELD = LAYOUT.le64("size");
        static final Le64 LOCK_OWNER = LAYOUT.le64("lock_owner");
        static final Le64 ATIME = LAYOUT.le64("atime");
        static final Le64 MTIME = LAYOUT.le64("mtime");
        static final Le64 CTIME = LAYOUT.le64("ctime");
        static final Le32 ATIMENSEC = LAYOUT.le32("atimensec");
        static final Le32 MTIMENSEC = LAYOUT.le32("mtimensec");
        static final Le32 CTIMENSEC = LAYOUT.le32("ctimensec");
        static final Le32 MODE = LAYOUT.le32("mode");
        static final Le32 UNUSED4 = LAYOUT.le32("unused4");
        static final Le32 UID = LAYOUT.le32("uid");
        static final Le32 GID = LAYOUT.le32("gid");
        static final Le32 UNUSED5 = LAYOUT.le32("unused5");

        static final int SIZE = LAYOUT.size(88);

        private SetattrIn() {}
    }

    /** {@code struct fuse_statx_in}. */
    static final class StatxIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_statx_in");

        static final Le32 GETATTR_FLAGS = LAYOUT.le32("getattr_flags");
        static final Le32 RESERVED = LAYOUT.le32("reserved");
        static final Le64 FH = LAYOUT.le64("fh");
        static final Le32 SX_FLAGS = LAYOUT.le32("sx_flags");
        static final Le32 SX_MASK = LAYOUT.le32("sx_mask");

        static final int SIZE = LAYOUT.size(24);

        private StatxIn() {}
    }

    /** {@code struct fuse_statx_out}. Without {@code stat}, which follows. */
    static final class StatxOut {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_statx_out");

        static final Le64 ATTR_VALID = LAYOUT.le64("attr_valid");
        static final Le32 ATTR_VALID_NSEC = LAYOUT.le32("attr_valid_nsec");
        static final Le32 FLAGS = LAYOUT.le32("flags");
        static final int SPARE = LAYOUT.bytes("spare", 16);

        static final int SIZE = LAYOUT.size(32);

        private StatxOut() {}
    }

    /** {@code struct fuse_statx}. */
    static final class Statx {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_statx");

        static final Le32 MASK = LAYOUT.le32("mask");
        static final Le32 BLKSIZE = LAYOUT.le32("blksize");
        static final Le64 ATTRIBUTES = LAYOUT.le64("attributes");
        static final Le32 NLINK = LAYOUT.le32("nlink");
        static final Le32 UID = LAYOUT.le32("uid");
        static final Le32 GID = LAYOUT.le32("gid");
        static final Le16 MODE = LAYOUT.le16("mode");
        static final Le16 SPARE0 = LAYOUT.le16("__spare0");
        static final Le64 INO = LAYOUT.le64("ino");
        static final Le64 SIZE_FIELD = LAYOUT.le64("size");
        static final Le64 BLOCKS = LAYOUT.le64("blocks");
        static final Le64 ATTRIBUTES_MASK = LAYOUT.le64("attributes_mask");
        static final Le64 ATIME_SEC = LAYOUT.le64("atime_sec");
        static final Le32 ATIME_NSEC = LAYOUT.le32("atime_nsec");
        static final Le32 ATIME_RESERVED = LAYOUT.le32("atime_reserved");
        static final Le64 BTIME_SEC = LAYOUT.le64("btime_sec");
        static final Le32 BTIME_NSEC = LAYOUT.le32("btime_nsec");
        static final Le32 BTIME_RESERVED = LAYOUT.le32("btime_reserved");
        static final Le64 CTIME_SEC = LAYOUT.le64("ctime_sec");
        static final Le32 CTIME_NSEC = LAYOUT.le32("ctime_nsec");
        static final Le32 CTIME_RESERVED = LAYOUT.le32("ctime_reserved");
        static final Le64 MTIME_SEC = LAYOUT.le64("mtime_sec");
        static final Le32 MTIME_NSEC = LAYOUT.le32("mtime_nsec");
        static final Le32 MTIME_RESERVED = LAYOUT.le32("mtime_reserved");
        static final Le32 RDEV_MAJOR = LAYOUT.le32("rdev_major");
        static final Le32 RDEV_MINOR = LAYOUT.le32("rdev_minor");
        static final Le32 DEV_MAJOR = LAYOUT.le32("dev_major");
        static final Le32 DEV_MINOR = LAYOUT.le32("dev_minor");
        static final int SPARE2 = LAYOUT.bytes("__spare2", 112);

        static final int SIZE = LAYOUT.size(256);

        private Statx() {}
    }

    /** {@code struct fuse_mknod_in}. */
    static final class MknodIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_mknod_in");

        static final Le32 MODE = LAYOUT.le32("mode");
        static final Le32 RDEV = LAYOUT.le32("rdev");
        static final Le32 UMASK = LAYOUT.le32("umask");
        static final Le32 PADDING = LAYOUT.le32("padding");

        static final int SIZE = LAYOUT.size(16);

        private MknodIn() {}
    }

    /** {@code struct fuse_mkdir_in}. */
    static final class MkdirIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_mkdir_in");

        static final Le32 MODE = LAYOUT.le32("mode");
        static final Le32 UMASK = LAYOUT.le32("umask");

        static final int SIZE = LAYOUT.size(8);

        private MkdirIn() {}
    }

    /** {@code struct fuse_rename2_in}. Its beginning is {@code fuse_rename_in}. */
    static final class RenameIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_rename2_in");

        static final Le64 NEWDIR = LAYOUT.le64("newdir");
        static final Le32 FLAGS = LAYOUT.le32("flags");
        static final Le32 PADDING = LAYOUT.le32("padding");

        static final int SIZE = LAYOUT.size(16);

        private RenameIn() {}
    }

    /** {@code struct fuse_link_in}. */
    static final class LinkIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_link_in");

        static final Le64 OLDNODEID = LAYOUT.le64("oldnodeid");

        static final int SIZE = LAYOUT.size(8);

        private LinkIn() {}
    }

    /** {@code struct fuse_setxattr_in}. The second half with SETXATTR_EXT. */
    static final class SetxattrIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_setxattr_in");

        static final Le32 SIZE_FIELD = LAYOUT.le32("size");
        static final Le32 FLAGS = LAYOUT.le32("flags");
        static final Le32 SETXATTR_FLAGS = LAYOUT.le32("setxattr_flags");
        static final Le32 PADDING = LAYOUT.le32("padding");

        static final int SIZE = LAYOUT.size(16);

        private SetxattrIn() {}
    }

    /** {@code struct fuse_getxattr_in}. */
    static final class GetxattrIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_getxattr_in");

        static final Le32 SIZE_FIELD = LAYOUT.le32("size");
        static final Le32 PADDING = LAYOUT.le32("padding");

        static final int SIZE = LAYOUT.size(8);

        private GetxattrIn() {}
    }

    /** {@code struct fuse_init_in}. The last three fields with INIT_EXT. */
    static final class InitIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_init_in");

        static final Le32 MAJOR = LAYOUT.le32("major");
        static final Le32 MINOR = LAYOUT.le32("minor");
        static final Le32 MAX_READAHEAD = LAYOUT.le32("max_readahead");
        static final Le32 FLAGS = LAYOUT.le32("flags");
        static final Le32 FLAGS2 = LAYOUT.le32("flags2");
        static final int UNUSED = LAYOUT.bytes("unused", 44);

        static final int SIZE = LAYOUT.size(64);

        private InitIn() {}
    }

    /** {@code struct fuse_init_out}. */
    static final class InitOut {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_init_out");

        static final Le32 MAJOR = LAYOUT.le32("major");
        static final Le32 MINOR = LAYOUT.le32("minor");
        static final Le32 MAX_READAHEAD = LAYOUT.le32("max_readahead");
        static final Le32 FLAGS = LAYOUT.le32("flags");
        static final Le16 MAX_BACKGROUND = LAYOUT.le16("max_background");
        static final Le16 CONGESTION_THRESHOLD = LAYOUT.le16("congestion_threshold");
        static final Le32 MAX_WRITE = LAYOUT.le32("max_write");
        static final Le32 TIME_GRAN = LAYOUT.le32("time_gran");
        static final Le16 MAX_PAGES = LAYOUT.le16("max_pages");
        static final Le16 MAP_ALIGNMENT = LAYOUT.le16("map_alignment");
        static final Le32 FLAGS2 = LAYOUT.le32("flags2");
        static final Le32 MAX_STACK_DEPTH = LAYOUT.le32("max_stack_depth");
        static final Le16 REQUEST_TIMEOUT = LAYOUT.le16("request_timeout");
        static final int UNUSED = LAYOUT.bytes("unused", 22);

        static final int SIZE = LAYOUT.size(64);

        private InitOut() {}
    }

    /** {@code struct fuse_interrupt_in}. */
    static final class InterruptIn {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_interrupt_in");

        static final Le64 UNIQUE = LAYOUT.le64("unique");

        static final int SIZE = LAYOUT.size(8);

        private InterruptIn() {}
    }

    /** {@code struct fuse_ext_header}. */
    static final class ExtHeader {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_ext_header");

        static final Le32 SIZE_FIELD = LAYOUT.le32("size");
        static final Le32 TYPE = LAYOUT.le32("type");

        static final int SIZE = LAYOUT.size(8);

        private ExtHeader() {}
    }

    /** {@code struct fuse_supp_groups}. The groups follow. */
    static final class SuppGroups {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_supp_groups");

        static final Le32 NR_GROUPS = LAYOUT.le32("nr_groups");

        static final int SIZE = LAYOUT.size(4);

        private SuppGroups() {}
    }

    /** {@code struct fuse_notify_inval_inode_out}. */
    static final class NotifyInvalInodeOut {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_notify_inval_inode_out");

        static final Le64 INO = LAYOUT.le64("ino");
        static final Le64 OFF = LAYOUT.le64("off");
        static final Le64 LEN = LAYOUT.le64("len");

        static final int SIZE = LAYOUT.size(24);

        private NotifyInvalInodeOut() {}
    }

    /** {@code struct fuse_notify_inval_entry_out}. The name follows. */
    static final class NotifyInvalEntryOut {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_notify_inval_entry_out");

        static final Le64 PARENT = LAYOUT.le64("parent");
        static final Le32 NAMELEN = LAYOUT.le32("namelen");
        static final Le32 FLAGS = LAYOUT.le32("flags");

        static final int SIZE = LAYOUT.size(16);

        private NotifyInvalEntryOut() {}
    }

    /** {@code struct fuse_notify_delete_out}. The name follows. */
    static final class NotifyDeleteOut {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_notify_delete_out");

        static final Le64 PARENT = LAYOUT.le64("parent");
        static final Le64 CHILD = LAYOUT.le64("child");
        static final Le32 NAMELEN = LAYOUT.le32("namelen");
        static final Le32 PADDING = LAYOUT.le32("padding");

        static final int SIZE = LAYOUT.size(24);

        private NotifyDeleteOut() {}
    }

    /** {@code struct fuse_notify_store_out}. The data follows. */
    static final class NotifyStoreOut {

        private static final StructLayout LAYOUT = StructLayout.of("fuse_notify_store_out");

        static final Le64 NODEID = LAYOUT.le64("nodeid");
        static final Le64 OFFSET = LAYOUT.le64("offset");
        static final Le32 SIZE_FIELD = LAYOUT.le32("size");
        static final Le32 PADDING = LAYOUT.le32("padding");

        static final int SIZE = LAYOUT.size(24);

        private NotifyStoreOut() {}
    }
}
