// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.tree;

import io.virtio4j.fs.backend.DataSource;
import io.virtio4j.fs.backend.DataTarget;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The bytes of a file in memory: pages in a table of tables, with holes. Under its file's lock. */
final class TreeData {

    static final int PAGE = 4096;
    private static final int PAGE_SHIFT = 12;
    private static final int TABLE = 1024;
    private static final int TABLE_SHIFT = 10;
    /** A table takes as much as this many pages. */
    private static final int TABLE_COST = 2;

    /** The most bytes of a file. */
    static final long LARGEST = 1L << 40;

    private final TreeSpace space;
    private byte[] @Nullable [] @Nullable [] tables = new byte[0][][];
    private long size;
    private long pages;

    TreeData(TreeSpace space) {
        this.space = space;
    }

    long size() {
        return size;
    }

    /** Pages that have memory. */
    long pages() {
        return pages;
    }

    private byte @Nullable [] page(long number) {
        int table = (int) (number >>> TABLE_SHIFT);
        byte @Nullable [] @Nullable [] found = table < tables.length ? tables[table] : null;
        return found == null ? null : found[(int) number & TABLE - 1];
    }

    private byte[] makePage(long number) throws FsException {
        byte[] page = page(number);
        if (page != null) {
            return page;
        }
        int table = (int) (number >>> TABLE_SHIFT);
        if (table >= tables.length) {
            tables = Arrays.copyOf(tables, Math.max(table + 1, tables.length * 2));
        }
        byte @Nullable [] @Nullable [] found = tables[table];
        if (found == null) {
            space.take(TABLE_COST);
            found = new byte[TABLE][];
            tables[table] = found;
        }
        space.take(1);
        page = new byte[PAGE];
        found[(int) number & TABLE - 1] = page;
        pages++;
        return page;
    }

    private void dropPage(long number) {
        byte[] page = page(number);
        if (page != null) {
            byte @Nullable [] @Nullable [] table = tables[(int) (number >>> TABLE_SHIFT)];
            if (table != null) {
                table[(int) number & TABLE - 1] = null;
            }
            pages--;
            space.giveBack(1);
        }
    }

    void read(long offset, DataTarget target) {
        long end = Math.min(size, offset + target.remaining());
        for (long at = offset; at < end; ) {
            int inPage = (int) at & PAGE - 1;
            int run = (int) Math.min(PAGE - inPage, end - at);
            byte[] page = page(at >>> PAGE_SHIFT);
            if (page == null) {
                target.zero(run);
            } else {
                target.put(page, inPage, run);
            }
            at += run;
        }
    }

    /** What cannot be written for want of space is left in the source, unless nothing can. */
    void write(long offset, DataSource source) throws FsException {
        if (offset > LARGEST - source.remaining()) {
            throw FsException.of(FsErrno.EFBIG);
        }
        long at = offset;
        try {
            while (source.remaining() > 0) {
                int inPage = (int) at & PAGE - 1;
                int run = (int) Math.min(PAGE - inPage, source.remaining());
                source.get(makePage(at >>> PAGE_SHIFT), inPage, run);
                at += run;
            }
        } catch (FsException e) {
            if (at == offset) {
                throw e;
            }
        }
        size = Math.max(size, at);
    }

    void resize(long newSize) throws FsException {
        if (newSize > LARGEST) {
            throw FsException.of(FsErrno.EFBIG);
        }
        if (newSize < size) {
            zero(newSize, size - newSize);
        }
        size = newSize;
    }

    /** Zeroes a range; whole pages become holes. The size stays. */
    void zero(long offset, long length) {
        long end = Math.min(offset + length, (long) tables.length << TABLE_SHIFT + PAGE_SHIFT);
        for (long at = offset; at < end; ) {
            int inPage = (int) at & PAGE - 1;
            int run = (int) Math.min(PAGE - inPage, end - at);
            long number = at >>> PAGE_SHIFT;
            if (tables[(int) (number >>> TABLE_SHIFT)] == null) {
                at = (number >>> TABLE_SHIFT) + 1 << TABLE_SHIFT + PAGE_SHIFT;
                continue;
            }
            byte[] page = page(number);
            if (page != null && run == PAGE) {
                dropPage(number);
            } else if (page != null) {
                Arrays.fill(page, inPage, inPage + run, (byte) 0);
            }
            at += run;
        }
    }

    /** Sets memory aside. */
    void allocate(long offset, long length, boolean keepSize) throws FsException {
        if (offset > LARGEST - length) {
            throw FsException.of(FsErrno.EFBIG);
        }
        for (long number = offset >>> PAGE_SHIFT; number <= offset + length - 1 >>> PAGE_SHIFT; number++) {
            makePage(number);
        }
        if (!keepSize) {
            size = Math.max(size, offset + length);
        }
    }

    /** The next data or hole; -1 if there is none. */
    long seek(long offset, boolean hole) {
        long at = offset;
        while (at < size) {
            long number = at >>> PAGE_SHIFT;
            int table = (int) (number >>> TABLE_SHIFT);
            if (!hole && (table >= tables.length || tables[table] == null)) {
                at = (long) table + 1 << TABLE_SHIFT + PAGE_SHIFT;
                continue;
            }
            if (page(number) == null == hole) {
                return at;
            }
            at = number + 1 << PAGE_SHIFT;
        }
        return hole && offset < size ? size : -1;
    }

    /** A file's last user is gone. */
    void free() {
        zero(0, (long) tables.length << TABLE_SHIFT + PAGE_SHIFT);
        long count = 0;
        for (byte @Nullable [] @Nullable [] table : tables) {
            count += table == null ? 0 : TABLE_COST;
        }
        space.giveBack(count);
        tables = new byte[0][][];
        size = 0;
    }
}
