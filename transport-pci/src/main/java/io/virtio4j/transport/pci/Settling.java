// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Brings something into line with the state that it follows, such as a wire with the bits behind it. One
 * thread at a time, without a lock: whoever asks while another is at it makes that one look again.
 */
final class Settling {

    private final Runnable action;
    private final AtomicInteger asked = new AtomicInteger();

    /** Creates one for an action that looks at the state whenever it runs. */
    Settling(Runnable action) {
        this.action = action;
    }

    void settle() {
        if (asked.getAndIncrement() != 0) {
            return;
        }
        int seen;
        do {
            seen = asked.get();
            try {
                action.run();
            } catch (RuntimeException | Error e) {
                asked.set(0);
                throw e;
            }
        } while (!asked.compareAndSet(seen, 0));
    }
}
