// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.Charset;
import java.nio.file.FileSystems;
import java.nio.file.Path;

/**
 * Binds functions of the C library. Each bound handle takes the segment for {@code errno} first.
 * The wrappers around them (FileCalls, MemoryCalls, PollCalls, SocketCalls) return what the kernel
 * itself would: a result, or the error number negated, so that nothing is allocated before an
 * exception is really due.
 */
final class Libc {
    static final int EINTR = 4;
    static final int ENXIO = 6;
    static final int EBADF = 9;
    static final int EAGAIN = 11;
    static final int EACCES = 13;
    static final int EINVAL = 22;
    static final int EIO = 5;
    static final int ENOENT = 2;
    static final int EOPNOTSUPP = 95;
    static final int EADDRINUSE = 98;
    static final int ECONNABORTED = 103;
    static final int ECONNREFUSED = 111;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final Charset PATH_NAMES =
            Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    private Libc() {}

    static boolean has(String name) {
        return LINKER.defaultLookup().find(name).isPresent();
    }

    static MethodHandle bind(String name, MemoryLayout result, MemoryLayout... parameters) {
        return link(name, FunctionDescriptor.of(result, parameters),
                Linker.Option.captureCallState("errno"));
    }

    /**
     * Binds a function for a first attempt: its handle takes no segment for {@code errno} and says
     * only that it failed, upon which the caller makes the same call again with the handle of
     * {@link #bind}. The linker slices that segment in every call, and the object is not always
     * compiled away; a call made like this allocates nothing as long as it succeeds. Only for calls
     * of which a failed one has changed nothing.
     */
    static MethodHandle bindFirstAttempt(String name, MemoryLayout result,
            MemoryLayout... parameters) {
        return link(name, FunctionDescriptor.of(result, parameters));
    }

    /**
     * Binds a function declared with {@code ...}, whose variable part begins at parameter
     * {@code fixed}.
     */
    static MethodHandle bindVariadic(String name, int fixed, MemoryLayout result,
            MemoryLayout... parameters) {
        return link(name, FunctionDescriptor.of(result, parameters),
                Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(fixed));
    }

    @SuppressWarnings("restricted")
    private static MethodHandle link(String name, FunctionDescriptor function,
            Linker.Option... options) {
        MemorySegment address = LINKER.defaultLookup().findOrThrow(name);
        return LINKER.downcallHandle(address, function, options);
    }

    /** What a handle threw: passed on if unchecked. A downcall throws no checked exception. */
    static RuntimeException rethrow(Throwable thrown) {
        if (thrown instanceof RuntimeException unchecked) {
            throw unchecked;
        }
        if (thrown instanceof Error error) {
            throw error;
        }
        throw new AssertionError(thrown);
    }

    /**
     * The bytes of a path's name as the JDK itself passes them to the kernel, without the final
     * zero.
     */
    static byte[] name(Path path) {
        if (path.getFileSystem() != FileSystems.getDefault()) {
            throw new IllegalArgumentException("path: not of the default file system: path="
                    + path);
        }
        return path.toString().getBytes(PATH_NAMES);
    }

    static MemorySegment cString(Arena arena, byte[] name) {
        MemorySegment string = arena.allocate(name.length + 1L);
        MemorySegment.copy(name, 0, string, JAVA_BYTE, 0, name.length);
        return string;
    }
}
