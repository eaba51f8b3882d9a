// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import java.util.Arrays;

/**
 * {@code queue_notif_config_data}: by which value the driver notifies a queue, with NOTIF_CONFIG_DATA. The
 * index of the queue, unless the embedder wants another. [Common configuration structure layout]
 */
final class NotifyValues {

    private final int[] values;
    private final int[] sorted;
    private final int[] queues;

    NotifyValues(int queueCount, int[] chosen) {
        if (chosen.length != 0 && chosen.length != queueCount) {
            throw new IllegalArgumentException("give one notification value for each queue, or none: values="
                    + chosen.length + " queues=" + queueCount);
        }
        values = chosen.clone();
        sorted = chosen.clone();
        queues = new int[chosen.length];
        Arrays.sort(sorted);
        for (int i = 0; i < sorted.length; i++) {
            if (sorted[i] < 0 || sorted[i] > 0xFFFF || i > 0 && sorted[i] == sorted[i - 1]) {
                throw new IllegalArgumentException("notification values have to differ from each other, and"
                        + " to be 0 to 65535: value=" + sorted[i]);
            }
        }
        for (int queue = 0; queue < values.length; queue++) {
            queues[Arrays.binarySearch(sorted, values[queue])] = queue;
        }
    }

    int valueOf(int queue) {
        return values.length == 0 ? queue : values[queue];
    }

    /** The queue that a value stands for; -1 if none. */
    int queueOf(int value) {
        if (values.length == 0) {
            return value;
        }
        int found = Arrays.binarySearch(sorted, value);
        return found < 0 ? -1 : queues[found];
    }
}
