// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.backend;

/**
 * A lock of a file, advisory, as {@code fcntl(2)} and {@code flock(2)} know them. The two kinds do not know each
 * other.
 *
 * @param kind whose it is
 * @param type what it keeps others from
 * @param start its first byte
 * @param end its last byte; {@link Long#MAX_VALUE} for all that will ever be
 * @param session the driver that has it, compared by {@code ==}
 * @param owner who of the driver's has it
 * @param process the process that set it, in the driver's numbering; for messages
 */
public record FsLock(Kind kind, Type type, long start, long end, Object session, long owner, long process) {

    /** The two kinds of locks. */
    public enum Kind {
        /** Of a process, for a range of bytes. */
        POSIX,
        /** Of an open file, for the whole file. */
        FLOCK
    }

    /** What a lock is for. */
    public enum Type {
        /** Keeps others from writing. */
        READ,
        /** Keeps others from reading and writing. */
        WRITE,
        /** Is no lock: takes one away. */
        UNLOCK
    }

    /** Whether the owner is the same. */
    public boolean isOwnedAs(FsLock other) {
        return session == other.session && owner == other.owner;
    }

    /** Whether ranges have bytes in common. */
    public boolean overlaps(FsLock other) {
        return start <= other.end && other.start <= end;
    }

    /** Whether both cannot be there at once. */
    public boolean conflictsWith(FsLock other) {
        return kind == other.kind && !isOwnedAs(other) && overlaps(other)
                && (type == Type.WRITE && other.type != Type.UNLOCK
                        || other.type == Type.WRITE && type != Type.UNLOCK);
    }

    /** The same, for other bytes. */
    public FsLock at(long newStart, long newEnd) {
        return new FsLock(kind, type, newStart, newEnd, session, owner, process);
    }
}
