// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import org.jspecify.annotations.Nullable;

/**
 * What one thread needs to make calls without allocating: the place where {@code errno} is
 * captured, and small structures that live as long as one call. An object per thread, because one
 * descriptor is used by many threads.
 */
final class CallState {
    private static final StructLayout CAPTURE = Linker.Option.captureStateLayout();
    private static final long ERRNO =
            CAPTURE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));
    private static final ThreadLocal<CallState> CURRENT = ThreadLocal.withInitial(CallState::new);

    final MemorySegment capture;
    /** One {@code uint64_t}, and {@link #wordVector} that points at it. */
    final MemorySegment word;
    final MemorySegment wordVector;
    final MemorySegment pollFd;
    private @Nullable IoVector vector;
    private @Nullable CallBuffers buffers;

    private CallState() {
        Arena arena = Arena.ofAuto();
        capture = arena.allocate(CAPTURE);
        word = arena.allocate(JAVA_LONG);
        wordVector = arena.allocate(Iovec.LAYOUT);
        Iovec.set(wordVector, 0, word.address(), Long.BYTES);
        pollFd = arena.allocate(PollFd.LAYOUT);
    }

    static CallState current() {
        return CURRENT.get();
    }

    /** What a call returned, with -1 replaced by the captured error number, negated. */
    long result(long returned) {
        return returned == -1 ? -capture.get(JAVA_INT, ERRNO) : returned;
    }

    /** The buffers of this thread, allocated when first asked for. */
    CallBuffers buffers() {
        CallBuffers present = buffers;
        if (present == null) {
            present = new CallBuffers();
            buffers = present;
        }
        return present;
    }

    /** The vector of this thread; its 16 KiB are allocated when first asked for. */
    IoVector vector() {
        IoVector present = vector;
        if (present == null) {
            present = new IoVector();
            vector = present;
        }
        return present;
    }
}
