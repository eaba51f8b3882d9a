// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.virtio4j.core.queue.DescriptorChain;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A command that takes receive queues out of use: answered when the owner of each has stopped using it, so
 * that no packet can appear there after the answer. [Automatic receive steering in multiqueue mode]
 */
final class PairsChange {

    private final DescriptorChain chain;
    private final AtomicInteger waitingFor = new AtomicInteger(1);

    /** Begins; the answer is written, and the chain is deferred. */
    PairsChange(DescriptorChain chain) {
        this.chain = chain;
    }

    /** One more queue has to be left. */
    void await() {
        waitingFor.incrementAndGet();
    }

    /** A queue was left; and, once, whoever began has asked all of them. */
    void left() {
        if (waitingFor.decrementAndGet() == 0) {
            chain.complete();
        }
    }
}
