// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.mmio;

import io.virtio4j.testkit.RegisterAccess;

/** A guest's view of the registers. */
record Registers(MmioTransport mmio) implements RegisterAccess {

    @Override
    public long read(long offset, int width) {
        return mmio.read(offset, width);
    }

    @Override
    public void write(long offset, int width, long value) {
        mmio.write(offset, width, value);
    }
}
