// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

import io.virtio4j.core.device.Counter;

/** What a channel counts. */
public enum ScmiCounter implements Counter {
    /** Commands that were answered. */
    COMMANDS("commands"),
    /** Among those, answered with another status than SUCCESS. */
    REFUSED("commands refused"),
    /** Delayed responses that were promised. */
    DELAYED_RESPONSES("delayed responses"),
    /** Notifications for the agent. */
    NOTIFICATIONS("notifications"),
    /** Among those, merged into one that waited. */
    NOTIFICATIONS_MERGED("notifications merged"),
    /** Among those, dropped: too many waited, or there was no room for it. */
    NOTIFICATIONS_DROPPED("notifications dropped");

    private final String label;

    ScmiCounter(String label) {
        this.label = label;
    }

    @Override
    public String label() {
        return label;
    }
}
