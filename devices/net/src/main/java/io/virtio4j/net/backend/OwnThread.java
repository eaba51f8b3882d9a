// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

/** The end of a thread that a backend has for itself. */
final class OwnThread {

    private OwnThread() {}

    /** Waits for the end of a thread that was told to end, unless it is itself the caller. */
    static void awaitEnd(Thread thread) {
        if (Thread.currentThread() == thread) {
            return;
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException again) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
