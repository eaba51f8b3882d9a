// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

/**
 * Where the driver notifies one queue: any write there does, so that a hypervisor can turn it into an event
 * (ioeventfd) whose handler calls {@link io.virtio4j.core.transport.DeviceInstance#notifyQueue}. [Available
 * Buffer Notifications]
 *
 * @param queue the queue
 * @param bar the index of the BAR
 * @param offset bytes from the start of the BAR
 */
public record Doorbell(int queue, int bar, long offset) {}
