// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.transport;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A queue or the device met an error. */
@Name("io.virtio4j.Fault")
@Label("Driver Fault")
@Category({"virtio4j", "Device"})
@Description("A queue or the device met an error")
@Enabled(false)
@StackTrace(false)
final class FaultEvent extends Event {

    /** Never committed: it says whether anybody records, and costs no object. */
    private static final FaultEvent ASKED = new FaultEvent();

    @Label("Device")
    String device = "";

    @Label("What")
    String what = "";

    static void record(String device, String what) {
        if (ASKED.isEnabled()) {
            FaultEvent event = new FaultEvent();
            event.device = device;
            event.what = what;
            event.commit();
        }
    }
}
