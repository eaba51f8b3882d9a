// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.fs.FuseData.RemovemappingIn;
import io.virtio4j.fs.FuseData.RemovemappingOne;
import io.virtio4j.fs.FuseData.SetupmappingIn;
import io.virtio4j.fs.SavedSession.SavedMapping;
import io.virtio4j.fs.backend.DataSource;
import io.virtio4j.fs.backend.DataTarget;
import io.virtio4j.fs.backend.FsAttributes;
import io.virtio4j.fs.backend.FsCaller;
import io.virtio4j.fs.backend.FsCapability;
import io.virtio4j.fs.backend.FsChange;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsFile;
import io.virtio4j.fs.backend.FsMapping;
import io.virtio4j.fs.backend.OpenFlags;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What of which files is mapped where in the DAX window. [File System Device / Device Operation / Device Operation: DAX
 * Window]
 *
 * <p>A backend that maps files itself has their bytes appear. For any other, they are copied in here and, where the
 * driver changed them, copied back before somebody else looks: at a read, a sync, a close of the file, or when the
 * mapping is removed.
 */
final class DaxWindow {

    /** Mappings begin and end at multiples of this: the smallest page of a driver. */
    static final int ALIGNMENT_SHIFT = 12;
    private static final long ALIGNED = (1L << ALIGNMENT_SHIFT) - 1;

    /** What is compared and copied back at once. */
    private static final int PAGE = 4096;

    private static final long FLAG_WRITE = 1;

    /** The driver has no handle: it asks for the file that the request is about. */
    private static final long NO_HANDLE = -1;

    private static final int MOST_REMOVED = 4096;

    private final Session session;
    private final @Nullable MemorySegment window;
    /** What is in the window as the file has it, where it was copied. */
    private final @Nullable MemorySegment known;
    private final TreeMap<Long, Mapped> mappings = new TreeMap<>();
    private volatile boolean used;

    /**
     * A mapped range that nothing was cut out of. Has a use of its file.
     *
     * @param offset in the window
     * @param mapping the backend's, which began at {@code mappingStart} in the window; {@code null} if it is a copy
     */
    private record Mapped(long offset, long length, long fileOffset, Handle file, boolean writable,
            @Nullable FsMapping mapping, long mappingStart) {

        long end() {
            return offset + length;
        }

        Mapped part(long from, long to) {
            return new Mapped(from, to - from, fileOffset + (from - offset), file, writable, mapping, mappingStart);
        }
    }

    DaxWindow(Session session) {
        this.session = session;
        window = session.options().daxWindow();
        known = session.device().can(FsCapability.MAPPING) ? null : session.device().daxCopy();
    }

    // ── Requests ───────────────────────────────────────────────────────────

    void setup(Request request) throws IOException {
        MemorySegment place = requireWindow();
        Fields in = request.in;
        long fh = in.get(SetupmappingIn.FH);
        long fileOffset = in.get(SetupmappingIn.FOFFSET);
        long length = in.get(SetupmappingIn.LEN);
        long offset = in.get(SetupmappingIn.MOFFSET);
        boolean writable = (in.get(SetupmappingIn.FLAGS) & FLAG_WRITE) != 0;
        // > The device MUST reject mappings that would go beyond the end of the DAX window.
        if (!isInside(offset, length) || ((fileOffset | length | offset) & ALIGNED) != 0 || fileOffset < 0
                || fileOffset > Long.MAX_VALUE - length) {
            throw FsException.of(FsErrno.EINVAL);
        }
        session.requireWritable(writable);
        Handle file = open(request, fh, writable);
        try {
            if (fileOffset > size(file)) {
                throw FsException.of(FsErrno.EINVAL);
            }
            synchronized (this) {
                // > When a FUSE_SETUPMAPPING request perfectly overlaps a previous mapping, the previous mapping is
                // > replaced. When a mapping partially overlaps a previous mapping, the previous mapping is split
                unmap(offset, length);
                map(place, file, fileOffset, offset, length, writable);
            }
        } catch (IOException | RuntimeException e) {
            file.release();
            throw e;
        }
        session.device().counts().count(FsCounter.MAPPINGS);
        request.answer();
    }

    private MemorySegment requireWindow() throws FsException {
        MemorySegment now = window;
        if (now == null) {
            throw FsException.of(FsErrno.ENOSYS);
        }
        return now;
    }

    private boolean isInside(long offset, long length) throws FsException {
        long size = requireWindow().byteSize();
        return offset >= 0 && length > 0 && offset <= size && length <= size - offset;
    }

    /** An open file of the mapping's own, or one more use of the driver's. */
    private Handle open(Request request, long fh, boolean writable) throws IOException {
        if (fh != NO_HANDLE) {
            Handle handle = request.handle(fh);
            handle.file();
            if (writable && !handle.flags.write() || !handle.flags.read()) {
                throw FsException.of(FsErrno.EBADF);
            }
            if (!handle.acquire()) {
                throw FsException.of(FsErrno.EBADF);
            }
            return handle;
        }
        Node node = request.node();
        return open(request, node, writable);
    }

    private Handle open(FsCaller caller, Node node, boolean writable) throws IOException {
        if (!node.isRegular()) {
            throw FsException.of(FsErrno.EBADF);
        }
        OpenFlags flags = writable ? OpenFlags.READ_AND_WRITE : OpenFlags.READ;
        FsFile opened = node.file.open(caller, flags);
        node.acquire(1);
        return new Handle(session, node, opened, flags);
    }

    private void map(MemorySegment place, Handle file, long fileOffset, long offset, long length, boolean writable)
            throws IOException {
        MemorySegment range = place.asSlice(offset, length);
        MemorySegment copy = known;
        FsMapping mapping = null;
        if (copy == null) {
            mapping = file.file().map(fileOffset, range, writable);
        } else {
            for (Mapped other : of(file.node)) {
                writeBack(other);
            }
            load(file.file(), fileOffset, range, copy.asSlice(offset, length));
        }
        mappings.put(offset, new Mapped(offset, length, fileOffset, file, writable, mapping, offset));
        used = true;
    }

    void remove(Request request) throws IOException {
        requireWindow();
        long count = request.in.get(RemovemappingIn.COUNT);
        if (count > MOST_REMOVED || request.left() < count * RemovemappingOne.SIZE) {
            throw FsException.of(FsErrno.EINVAL);
        }
        for (long i = 0; i < count; i++) {
            request.parseMore(0, RemovemappingOne.SIZE);
            long offset = request.in.get(RemovemappingOne.MOFFSET);
            long length = request.in.get(RemovemappingOne.LEN);
            if (!isInside(offset, length) || ((length | offset) & ALIGNED) != 0) {
                throw FsException.of(FsErrno.EINVAL);
            }
            synchronized (this) {
                unmap(offset, length);
            }
        }
        request.answer();
    }

    /** Ends what is mapped in a range; what sticks out stays. */
    private void unmap(long offset, long length) throws IOException {
        long end = offset + length;
        Map.Entry<Long, Mapped> entry = mappings.lowerEntry(end);
        while (entry != null && entry.getValue().end() > offset) {
            Mapped old = entry.getValue();
            mappings.remove(old.offset);
            cut(old, Math.max(offset, old.offset), Math.min(end, old.end()));
            entry = mappings.lowerEntry(Math.max(offset, old.offset));
        }
    }

    /** Takes a part out of a mapping: one or two smaller ones may be left. */
    private void cut(Mapped old, long from, long to) throws IOException {
        if (old.offset < from && old.file.acquire()) {
            mappings.put(old.offset, old.part(old.offset, from));
        }
        if (to < old.end() && old.file.acquire()) {
            mappings.put(to, old.part(to, old.end()));
        }
        try {
            if (old.mapping != null) {
                old.mapping.remove(from - old.mappingStart, to - from);
            } else {
                writeBack(old.part(from, to));
                requireWindow().asSlice(from, to - from).fill((byte) 0);
            }
        } finally {
            old.file.release();
        }
    }

    // ── Copies ─────────────────────────────────────────────────────────────

    private List<Mapped> of(Node node) {
        List<Mapped> found = new ArrayList<>();
        for (Mapped mapped : mappings.values()) {
            if (mapped.file.node == node && mapped.mapping == null) {
                found.add(mapped);
            }
        }
        return found;
    }

    private static void load(FsFile file, long fileOffset, MemorySegment range, MemorySegment copy) throws IOException {
        copy.fill((byte) 0);
        file.read(fileOffset, DataTarget.of(copy));
        range.copyFrom(copy);
    }

    /** The file gets what the driver wrote into its mappings. */
    void writeBack(Node node) throws IOException {
        if (used && known != null) {
            synchronized (this) {
                for (Mapped mapped : of(node)) {
                    writeBack(mapped);
                }
            }
        }
    }

    void writeBackAll() throws IOException {
        if (used && known != null) {
            synchronized (this) {
                for (Mapped mapped : mappings.values()) {
                    writeBack(mapped);
                }
            }
        }
    }

    private void writeBack(Mapped mapped) throws IOException {
        MemorySegment copy = known;
        if (!mapped.writable || copy == null || mapped.mapping != null) {
            return;
        }
        MemorySegment place = requireWindow();
        long size = size(mapped.file);
        for (long at = mapped.offset; at < mapped.end(); at += PAGE) {
            long fileOffset = mapped.fileOffset + (at - mapped.offset);
            // What is behind the end of the file is nobody's.
            long count = Math.min(Math.min(PAGE, mapped.end() - at), size - fileOffset);
            if (count > 0 && MemorySegment.mismatch(place, at, at + count, copy, at, at + count) >= 0) {
                MemorySegment.copy(place, at, copy, at, count);
                mapped.file.file().write(fileOffset,
                        DataSource.of(copy.asSlice(at, count)), false);
            }
        }
    }

    private static long size(Handle file) throws IOException {
        FsAttributes attributes = new FsAttributes();
        if (!file.file().attributes(attributes)) {
            file.node.file.attributes(attributes);
        }
        return attributes.size;
    }

    /** A range of a file was changed beside its mappings, which show it from now on. */
    void refresh(Node node, long fileOffset, long length) throws IOException {
        if (!used || known == null || length <= 0) {
            return;
        }
        synchronized (this) {
            for (Mapped mapped : of(node)) {
                long from = Math.max(fileOffset, mapped.fileOffset);
                long to = Math.min(fileOffset + length, mapped.fileOffset + mapped.length);
                if (from < to) {
                    long at = mapped.offset + (from - mapped.fileOffset);
                    load(mapped.file.file(), from, requireWindow().asSlice(at, to - from),
                            known.asSlice(at, to - from));
                }
            }
        }
    }

    void beforeSizeChange(Node node, FsChange change) throws IOException {
        if (change.has(FsChange.SIZE)) {
            writeBack(node);
        }
    }

    void afterSizeChange(Node node, FsChange change) throws IOException {
        if (change.has(FsChange.SIZE)) {
            refresh(node, change.size, Long.MAX_VALUE - change.size);
        }
    }

    // ── State ──────────────────────────────────────────────────────────────

    /** What is mapped; files have what the driver wrote into copies. */
    synchronized List<SavedMapping> saved() {
        List<SavedMapping> saved = new ArrayList<>();
        for (Mapped mapped : mappings.values()) {
            try {
                writeBack(mapped);
            } catch (IOException e) {
                session.device().backendFailed(e);
            }
            saved.add(new SavedMapping(mapped.file.node.id, mapped.offset, mapped.length, mapped.fileOffset,
                    mapped.writable));
        }
        return saved;
    }

    synchronized void restore(SavedMapping saved) throws IOException {
        MemorySegment place = requireWindow();
        if (!isInside(saved.offset(), saved.length()) || saved.fileOffset() < 0) {
            throw FsException.of(FsErrno.EINVAL);
        }
        Node node = session.nodes().acquire(saved.node());
        try {
            Handle file = open(SystemCaller.INSTANCE, node, saved.writable());
            try {
                map(place, file, saved.fileOffset(), saved.offset(), saved.length(), saved.writable());
            } catch (IOException | RuntimeException e) {
                file.release();
                throw e;
            }
        } finally {
            node.release();
        }
    }

    /** The driver is gone. */
    synchronized void close() {
        for (Mapped mapped : List.copyOf(mappings.values())) {
            try {
                unmap(mapped.offset, mapped.length);
            } catch (IOException e) {
                session.device().backendFailed(e);
            }
        }
        mappings.clear();
    }
}
