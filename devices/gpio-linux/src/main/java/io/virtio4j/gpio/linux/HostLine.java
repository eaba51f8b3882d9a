// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio.linux;

import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.GpioLine;
import java.io.IOException;

/** A line of the host that is in use: what the backend needs of {@link GpioLine}. */
interface HostLine {

    /** Uses the line differently: flags as of {@link GpioLine}. */
    void configure(long flags, boolean high) throws IOException;

    boolean isHigh() throws IOException;

    void set(boolean high) throws IOException;

    /** Ready to be read when an edge was reported. */
    FileDescriptor descriptor();

    GpioLine.Edge readEdge() throws IOException;

    void close();
}
