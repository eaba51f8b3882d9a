// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * An open directory, and a cursor over its entries: {@code getdents64(2)}. {@code .} and {@code ..} are among them.
 *
 * <pre>{@code
 * directory.rewind(0);
 * while (directory.next()) {
 *     use(directory.name(), directory.inode());
 * }
 * }</pre>
 *
 * <p>The cursor is one thread's at a time; the other methods are everybody's.
 */
public final class LinuxDirectory implements AutoCloseable {
    private static final int BUFFER = 32 << 10;
    private static final int OFFSET = 8;
    private static final int LENGTH = 16;
    private static final int TYPE = 18;
    private static final int NAME = 19;
    private static final int TYPE_SHIFT = 12;
    private static final int SEEK_SET = 0;

    private final FileDescriptor descriptor;
    private @Nullable MemorySegment buffer;
    private int filled;
    private int entry;
    private int following;
    private long cookie;
    private long cookieBefore;

    LinuxDirectory(FileDescriptor descriptor) {
        this.descriptor = descriptor;
    }

    /** {@return the descriptor, owned by this directory} */
    public FileDescriptor descriptor() {
        return descriptor;
    }

    /**
     * Puts the cursor before the entry after the one that had this cookie. Nothing is done if it is there already.
     *
     * @param to 0 for the first entry, or a {@link #cookie()} of this directory
     * @throws LinuxException as {@code lseek(2)} fails; a number that was no cookie may lead anywhere in the directory
     */
    public void rewind(long to) throws LinuxException {
        if (to == cookie && to != 0) {
            return;
        }
        int fd = descriptor.acquire("lseek");
        try {
            long result = FileCalls.lseek(fd, to, SEEK_SET);
            if (result < 0) {
                throw new LinuxException("lseek", -result, "fd=" + fd + " position=" + to);
            }
        } finally {
            descriptor.release();
        }
        filled = 0;
        following = 0;
        cookie = to;
    }

    /**
     * Goes to the next entry.
     *
     * @return whether there is one
     * @throws LinuxException as {@code getdents64(2)} fails
     */
    public boolean next() throws LinuxException {
        if (following == filled && !fill()) {
            return false;
        }
        MemorySegment entries = entries();
        entry = following;
        cookieBefore = cookie;
        following += Short.toUnsignedInt(entries.get(JAVA_SHORT_UNALIGNED, entry + LENGTH));
        cookie = entries.get(JAVA_LONG_UNALIGNED, entry + OFFSET);
        return true;
    }

    /** Puts the cursor before the entry where it is, once: {@link #next} goes to it again. */
    public void back() {
        following = entry;
        cookie = cookieBefore;
    }

    private boolean fill() throws LinuxException {
        int fd = descriptor.acquire("getdents64");
        try {
            filled = (int) LinuxNode.check(SystemCall.GETDENTS64, SystemCall.GETDENTS64.call(fd, entries(), BUFFER),
                    fd, null);
        } finally {
            descriptor.release();
        }
        following = 0;
        return filled > 0;
    }

    private MemorySegment entries() {
        MemorySegment present = buffer;
        if (present == null) {
            present = Arena.ofAuto().allocate(BUFFER, Long.BYTES);
            buffer = present;
        }
        return present;
    }

    /** {@return where the cursor is: what {@link #rewind} takes to go on behind this entry} */
    public long cookie() {
        return cookie;
    }

    /** {@return the inode number of the entry} */
    public long inode() {
        return entries().get(JAVA_LONG_UNALIGNED, entry);
    }

    /**
     * {@return the kind of file, as the upper four bits of a mode shifted down ({@code DT_REG} and others); 0 where the
     * file system does not say}
     */
    public int kind() {
        return entries().get(JAVA_BYTE, entry + TYPE);
    }

    /** {@return the kind of file; {@code OTHER} where the file system does not say} */
    public FileStatus.Type type() {
        return FileStatus.Type.ofMode(kind() << TYPE_SHIFT);
    }

    /** {@return the name of the entry: bytes, without a final zero} */
    public byte[] name() {
        MemorySegment entries = entries();
        int end = entry + NAME;
        while (entries.get(JAVA_BYTE, end) != 0) {
            end++;
        }
        byte[] name = new byte[end - entry - NAME];
        MemorySegment.copy(entries, JAVA_BYTE, entry + NAME, name, 0, name.length);
        return name;
    }

    /**
     * Returns when the entries are durable.
     *
     * @param metadata also what is not needed to find the entries, such as times
     * @throws LinuxException as {@code fsync(2)} fails
     */
    public void force(boolean metadata) throws LinuxException {
        int fd = descriptor.acquire("fsync");
        try {
            int result = FileCalls.fsync(fd, metadata);
            if (result < 0) {
                throw new LinuxException("fsync", -result, "fd=" + fd);
            }
        } finally {
            descriptor.release();
        }
    }

    /**
     * Returns when the file system that this directory is of has written everything: {@code syncfs(2)}.
     *
     * @throws LinuxException as {@code syncfs(2)} fails
     */
    public void forceFileSystem() throws LinuxException {
        int fd = descriptor.acquire("syncfs");
        try {
            LinuxNode.check(SystemCall.SYNCFS, SystemCall.SYNCFS.call(fd, 0), fd, null);
        } finally {
            descriptor.release();
        }
    }

    @Override
    public void close() {
        descriptor.close();
    }

    @Override
    public String toString() {
        return "directory " + descriptor;
    }
}
