// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.pci;

import io.virtio4j.core.transport.DeviceInstance;

/** The device-specific configuration: byte-exact, in every width. [Device-specific configuration] */
final class DeviceConfigRegion implements Region {

    private final DeviceInstance device;
    private final ConfigGeneration generation;

    DeviceConfigRegion(DeviceInstance device, ConfigGeneration generation) {
        this.device = device;
        this.generation = generation;
    }

    @Override
    public long read(long offset, int width) {
        long value = device.readConfig((int) offset, width);
        generation.afterRead(device.configGeneration());
        return value;
    }

    @Override
    public void write(long offset, int width, long value) {
        device.writeConfig((int) offset, width, value);
    }
}
