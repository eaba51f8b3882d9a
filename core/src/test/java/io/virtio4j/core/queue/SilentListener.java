// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.queue;

/** Nobody listens. */
final class SilentListener implements QueueListener {

    @Override
    public void usedBuffers(VirtQueue queue) {}

    @Override
    public void queueFailed(VirtQueue queue, Throwable cause) {}

    @Override
    public void deviceFailed(VirtQueue queue, Throwable cause) {}
}
