// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.transport;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Device status changed. */
@Name("io.virtio4j.Status")
@Label("Device Status")
@Category({"virtio4j", "Device"})
@Description("Device status changed")
@Enabled(false)
@StackTrace(false)
final class StatusEvent extends Event {

    /** Never committed: it says whether anybody records, and costs no object. */
    private static final StatusEvent ASKED = new StatusEvent();

    @Label("Device")
    String device = "";

    @Label("Status")
    String status = "";

    static void record(String device, int status) {
        if (ASKED.isEnabled()) {
            StatusEvent event = new StatusEvent();
            event.device = device;
            event.status = DeviceStatus.text(status);
            event.commit();
        }
    }
}
