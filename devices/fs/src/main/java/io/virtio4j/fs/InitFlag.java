// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

/** What a session is negotiated to be: the flags of FUSE_INIT that this server knows. */
enum InitFlag {
    ASYNC_READ(0),
    POSIX_LOCKS(1),
    ATOMIC_O_TRUNC(3),
    BIG_WRITES(5),
    FLOCK_LOCKS(10),
    AUTO_INVAL_DATA(12),
    DO_READDIRPLUS(13),
    READDIRPLUS_AUTO(14),
    ASYNC_DIO(15),
    WRITEBACK_CACHE(16),
    PARALLEL_DIROPS(18),
    POSIX_ACL(20),
    MAX_PAGES(22),
    CACHE_SYMLINKS(23),
    MAP_ALIGNMENT(26),
    SUBMOUNTS(27),
    HANDLE_KILLPRIV_V2(28),
    SETXATTR_EXT(29),
    INIT_EXT(30),
    HAS_INODE_DAX(33),
    CREATE_SUPP_GROUP(34),
    DIRECT_IO_ALLOW_MMAP(36),
    ALLOW_IDMAP(40);

    final long bit;

    InitFlag(int number) {
        bit = 1L << number;
    }
}
