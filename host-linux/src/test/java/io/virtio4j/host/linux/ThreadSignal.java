// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Sends a signal to one thread, whose system call then fails with EINTR. The handler is a function
 * of the C library that does nothing: {@code abs}.
 */
final class ThreadSignal {
    private static final int SIGUSR1 = 10; // which the JVM does not use
    private static final MethodHandle PTHREAD_SELF = link("pthread_self", JAVA_LONG);
    private static final MethodHandle PTHREAD_KILL = link("pthread_kill", JAVA_INT, JAVA_LONG,
            JAVA_INT);

    static {
        try {
            MemorySegment handler = Linker.nativeLinker().defaultLookup().findOrThrow("abs");
            MemorySegment before =
                    (MemorySegment) link("signal", ADDRESS, JAVA_INT, ADDRESS).invokeExact(SIGUSR1,
                    handler);
            int result = (int) link("siginterrupt", JAVA_INT, JAVA_INT,
                    JAVA_INT).invokeExact(SIGUSR1, 1);
            if (result != 0 || before.address() == -1) {
                throw new AssertionError("siginterrupt: result=" + result);
            }
        } catch (Throwable thrown) {
            throw new ExceptionInInitializerError(thrown);
        }
    }

    private ThreadSignal() {}

    @SuppressWarnings("restricted")
    private static MethodHandle link(String name, MemoryLayout result, MemoryLayout... parameters) {
        return Linker.nativeLinker().downcallHandle(
                Linker.nativeLinker().defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(result, parameters));
    }

    /** The calling thread, for {@link #send}. */
    static long self() {
        try {
            return (long) PTHREAD_SELF.invokeExact();
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }

    static void send(long thread) {
        try {
            int result = (int) PTHREAD_KILL.invokeExact(thread, SIGUSR1);
            if (result != 0) {
                throw new AssertionError("pthread_kill: result=" + result);
            }
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }

    /** Waits for a signal in {@code pause(2)}, and returns the error number that it then gives. */
    @SuppressWarnings("restricted")
    static int errnoOfPause() {
        MethodHandle pause = Linker.nativeLinker().downcallHandle(
                Linker.nativeLinker().defaultLookup().findOrThrow("pause"),
                FunctionDescriptor.of(JAVA_INT), Linker.Option.captureCallState("errno"));
        CallState state = CallState.current();
        try {
            return (int) -state.result((int) pause.invokeExact(state.capture));
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }
}
