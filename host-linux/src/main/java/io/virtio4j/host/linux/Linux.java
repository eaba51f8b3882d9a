// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * Tells whether this module can work here. Every way into the module asks first, so that a missing
 * flag or the wrong system is one sentence and not a chain of class initialization errors.
 */
public final class Linux {
    private static final String[] YOUNGEST_FUNCTIONS = {"memfd_create", "preadv2", "statx"};
    private static final int SC_PAGESIZE = 30;

    private static final boolean ALLOWED;
    private static final @Nullable String OBSTACLE;
    private static final int PAGE_SIZE;

    static {
        String obstacle = systemObstacle(System.getProperty("os.name"),
                System.getProperty("os.arch"));
        boolean allowed = true;
        int pageSize = 0;
        if (obstacle == null) {
            try {
                obstacle = libraryObstacle();
                pageSize = readPageSize();
            } catch (IllegalCallerException denied) {
                allowed = false;
                obstacle = "native access is denied to host-linux: "
                        + "start the JVM with --enable-native-access=" + moduleName();
            }
        }
        ALLOWED = allowed;
        OBSTACLE = obstacle;
        PAGE_SIZE = pageSize;
    }

    private Linux() {}

    /**
     * {@return whether this is Linux on x86-64 or aarch64, with a C library new enough, and native
     * access is not denied}
     */
    public static boolean isSupported() {
        return OBSTACLE == null;
    }

    /**
     * Returns if {@link #isSupported()}.
     *
     * @throws UnsupportedOperationException on another system, with a sentence that says which it
     *         needs
     * @throws IllegalCallerException if native access is denied, with a sentence that names the
     *         flag to add
     */
    public static void requireSupported() {
        if (!ALLOWED) {
            throw new IllegalCallerException(OBSTACLE);
        }
        if (OBSTACLE != null) {
            throw new UnsupportedOperationException(OBSTACLE);
        }
    }

    /**
     * {@return the size of a memory page in bytes}
     *
     * @throws UnsupportedOperationException as {@link #requireSupported()}
     * @throws IllegalCallerException as {@link #requireSupported()}
     */
    public static int pageSize() {
        requireSupported();
        return PAGE_SIZE;
    }

    static @Nullable String systemObstacle(String system, String architecture) {
        boolean supported = system.equals("Linux")
                && (architecture.equals("amd64") || architecture.equals("aarch64"));
        return supported ? null : "host-linux needs Linux on x86-64 or aarch64: os.name=" + system
                + " os.arch=" + architecture;
    }

    private static @Nullable String libraryObstacle() {
        for (String function : YOUNGEST_FUNCTIONS) {
            if (!Libc.has(function)) {
                return "host-linux needs a newer C library (glibc 2.28): missing=" + function;
            }
        }
        return null;
    }

    private static int readPageSize() {
        MethodHandle sysconf = Libc.bind("sysconf", JAVA_LONG, JAVA_INT);
        try {
            return (int) (long) sysconf.invokeExact(CallState.current().capture, SC_PAGESIZE);
        } catch (Throwable thrown) {
            throw Libc.rethrow(thrown);
        }
    }

    private static String moduleName() {
        Module module = Linux.class.getModule();
        return module.isNamed() ? module.getName() : "ALL-UNNAMED";
    }
}
