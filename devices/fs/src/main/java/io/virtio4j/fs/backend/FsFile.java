// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.backend;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * A regular file that was opened. Belongs to the device until {@link #release()}; its node is not released before.
 * Several threads call at once. Offsets and lengths are not negative, and their sum is not either.
 */
public interface FsFile {

    /** What the driver's page cache may do with a file's data. */
    enum Caching {
        /** Data is kept while the file is open and forgotten when it is opened again, if it may have changed. */
        WHILE_OPEN,
        /** Data is kept for as long as the driver likes: nobody else changes it, or changes are told. */
        ALWAYS,
        /** Every read and write goes to the backend: for data that has no size before it is read. */
        NEVER
    }

    /** Asked once, when the file was opened. */
    default Caching caching() {
        return Caching.WHILE_OPEN;
    }

    /** The device needs it no more. Called once; no method is under way or follows. Must not block for long. */
    default void release() {}

    /**
     * Fills the target from an offset on, until it is full or the file ends. What was put into it before an exception
     * counts for nothing.
     */
    void read(long offset, DataTarget target) throws IOException;

    /**
     * Writes from an offset on, or to the end of a file that was opened to {@linkplain OpenFlags#append() append}.
     * What was taken from the source was written; if that is not all of it, the driver learns so.
     *
     * <p>A capability that {@code security.capability} gives is lost by any write.
     *
     * @param dropPrivileges the mode loses what {@link FsMode#withoutPrivileges} says
     */
    void write(long offset, DataSource source, boolean dropPrivileges) throws IOException;

    /** A descriptor of it was closed by some process of the driver's. */
    default void flush() throws IOException {}

    /**
     * Makes durable what was written by calls that returned before.
     *
     * @param dataOnly except what is not needed to read it back
     */
    void sync(boolean dataOnly) throws IOException;

    /**
     * Fills in all attributes, for a backend that finds those of an open file where its node has none any more.
     *
     * @return false to have the node asked
     */
    default boolean attributes(FsAttributes out) throws IOException {
        return false;
    }

    /**
     * Changes some attributes of the open file, as {@link FsNode#change}.
     *
     * @return false to have the node asked
     */
    default boolean change(FsCaller caller, FsChange change, FsAttributes out) throws IOException {
        return false;
    }

    /** What {@link #allocate} does to a range. */
    enum Allocation {
        /** Sets space aside; the content stays, what is new reads as zeroes. */
        ALLOCATE,
        /** Gives the space back; the range reads as zeroes. The length stays. */
        PUNCH_HOLE,
        /** Sets space aside; the range reads as zeroes. */
        ZERO
    }

    /**
     * Deals with the space of a range.
     *
     * @param keepSize the length stays, even if the range ends behind it
     * @param dropPrivileges as in {@link #write}
     */
    default void allocate(Allocation what, long offset, long length, boolean keepSize, boolean dropPrivileges)
            throws IOException {
        throw FsException.of(FsErrno.EOPNOTSUPP);
    }

    /**
     * The first offset, not before the given one, where there is data or a hole; the end of the file is a hole.
     *
     * @param hole look for a hole, not for data
     * @return the offset; ENXIO if it would be beyond the end
     */
    default long seek(long offset, boolean hole) throws IOException {
        throw FsException.of(FsErrno.EOPNOTSUPP);
    }

    /**
     * Copies within the backend, as much as can be done in a few milliseconds.
     *
     * @param target another file of this backend, or this one
     * @param dropPrivileges as in {@link #write}, of the target
     * @return how many bytes were copied; 0 only at the end of this file
     */
    default long copy(long offset, FsFile target, long targetOffset, long length, boolean dropPrivileges)
            throws IOException {
        throw FsException.of(FsErrno.EOPNOTSUPP);
    }

    /**
     * Makes the bytes of a range of the file appear in memory, in place of what is there, until that is mapped anew or
     * {@linkplain FsMapping#close() closed}. What is behind the end of the file is not accessed by a driver that keeps
     * to the rules.
     *
     * @param offset a multiple of the device's alignment of mappings
     * @param place a part of the DAX window, of as many bytes as the range; aligned likewise
     * @param writable whether what the driver writes there goes to the file
     */
    default FsMapping map(long offset, MemorySegment place, boolean writable) throws IOException {
        throw FsException.of(FsErrno.EOPNOTSUPP);
    }
}
