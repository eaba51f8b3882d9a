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

    @Label("Device")
    String device = "";

    @Label("What")
    String what = "";
}
