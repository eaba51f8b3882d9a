// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Runs something while a native call holds a memory segment: {@code qsort} is given the segment,
 * and its comparator is what runs.
 */
final class HeldMemory {
    private HeldMemory() {}

    @SuppressWarnings("unused") // called by qsort
    private static int run(Runnable during, MemorySegment left, MemorySegment right) {
        during.run();
        return 0;
    }

    @SuppressWarnings("restricted")
    static void during(MemorySegment held, Runnable during) throws Throwable {
        Linker linker = Linker.nativeLinker();
        MethodHandle run = MethodHandles.lookup().findStatic(HeldMemory.class, "run",
                MethodType.methodType(
                int.class, Runnable.class, MemorySegment.class, MemorySegment.class));
        MethodHandle sort = linker.downcallHandle(linker.defaultLookup().findOrThrow("qsort"),
                FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment comparator = linker.upcallStub(run.bindTo(during),
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS), arena);
            sort.invokeExact(held, 2L, 1L, comparator);
        }
    }
}
