// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.virtio4j.core.device.VirtioDevice;

/** A device that does nothing special keeps the contract of devices. */
class DeviceContractTest extends DeviceContract {

    @Override
    protected VirtioDevice device() {
        return new ScriptedDevice().queues(2, 128);
    }

    @Override
    protected Request request(int number) {
        byte[] bytes = new byte[20 + 7 * number];
        java.util.Arrays.fill(bytes, (byte) number);
        return new Request(number % 2, bytes, bytes.length,
                echo -> assertArrayEquals(bytes, echo.written()));
    }
}
