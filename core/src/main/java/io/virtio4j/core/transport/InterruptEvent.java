// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.transport;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** The device sent a notification to the driver. */
@Name("io.virtio4j.Interrupt")
@Label("Device Notification")
@Category({"virtio4j", "Device"})
@Description("The device sent a notification to the driver")
@Enabled(false)
@StackTrace(false)
final class InterruptEvent extends Event {

    /** Never committed: it says whether anybody records, and costs no object. */
    private static final InterruptEvent ASKED = new InterruptEvent();

    @Label("Device")
    String device = "";

    @Label("Queue")
    int queue;

    static void record(String device, int queue) {
        if (ASKED.isEnabled()) {
            InterruptEvent event = new InterruptEvent();
            event.device = device;
            event.queue = queue;
            event.commit();
        }
    }
}
