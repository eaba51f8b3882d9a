// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.backend;

/**
 * How a file is opened: the flags of {@code open(2)} that mean something to a backend and the same on all
 * architectures. With a driver that caches writes, the device asks for reading too and does not ask for appending.
 *
 * @param bits of Linux: O_ACCMODE, O_EXCL, O_TRUNC, O_APPEND, O_DSYNC and O_SYNC, no others
 * @param dropPrivileges with {@link #truncate()}: the mode loses what {@link FsMode#withoutPrivileges} says
 */
public record OpenFlags(int bits, boolean dropPrivileges) {

    private static final int ACCESS = 3;
    private static final int WRITE_ONLY = 1;
    private static final int READ_WRITE = 2;
    private static final int EXCL = 0200;
    private static final int TRUNC = 01000;
    private static final int APPEND = 02000;
    private static final int DSYNC = 010000;
    private static final int SYNC = 04010000;
    private static final int KNOWN = ACCESS | EXCL | TRUNC | APPEND | SYNC;

    /** To read. */
    public static final OpenFlags READ = new OpenFlags(0, false);
    /** To read and write. */
    public static final OpenFlags READ_AND_WRITE = new OpenFlags(READ_WRITE, false);

    /** Drops what is not known. */
    public OpenFlags {
        bits &= KNOWN;
    }

    /** Whether it is read. */
    public boolean read() {
        return (bits & ACCESS) != WRITE_ONLY;
    }

    /** Whether it is written. */
    public boolean write() {
        return (bits & ACCESS) != 0;
    }

    /** Whether what exists is refused when a file is created. */
    public boolean exclusive() {
        return (bits & EXCL) != 0;
    }

    /** Whether it is made empty. */
    public boolean truncate() {
        return (bits & TRUNC) != 0;
    }

    /** Whether every write goes to the end. */
    public boolean append() {
        return (bits & APPEND) != 0;
    }

    /** Whether a write returns when its data is durable. */
    public boolean synchronizedData() {
        return (bits & DSYNC) != 0;
    }

    /** Whether a write returns when it is durable with all that belongs to it. */
    public boolean synchronizedAll() {
        return (bits & SYNC) == SYNC;
    }

    /** To read and write what else is only written: the driver reads what it caches. */
    public OpenFlags forWritebackCache() {
        int access = (bits & ACCESS) == WRITE_ONLY ? READ_WRITE : bits & ACCESS;
        return new OpenFlags(bits & ~(ACCESS | APPEND) | access, dropPrivileges);
    }

    /** To open once more what is open already. */
    public OpenFlags again() {
        return new OpenFlags(bits & ~(EXCL | TRUNC), false);
    }
}
