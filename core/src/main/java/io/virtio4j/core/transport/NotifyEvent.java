// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.transport;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** The driver sent an available buffer notification. */
@Name("io.virtio4j.Notify")
@Label("Driver Notification")
@Category({"virtio4j", "Device"})
@Description("The driver sent an available buffer notification")
@Enabled(false)
@StackTrace(false)
final class NotifyEvent extends Event {

    /** Never committed: it says whether anybody records, and costs no object. */
    private static final NotifyEvent ASKED = new NotifyEvent();

    @Label("Device")
    String device = "";

    @Label("Queue")
    int queue;

    static void record(String device, int queue) {
        if (ASKED.isEnabled()) {
            NotifyEvent event = new NotifyEvent();
            event.device = device;
            event.queue = queue;
            event.commit();
        }
    }
}
