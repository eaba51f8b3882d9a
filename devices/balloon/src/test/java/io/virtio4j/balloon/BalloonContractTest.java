// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.testkit.DeviceContract;

/** What holds for every device, by pages that come and go, and by reports. */
class BalloonContractTest extends DeviceContract {

    @Override
    protected VirtioDevice device() {
        return new BalloonDevice(new ZeroingHost());
    }

    /** The pages are in no memory of the test's; reports and hints are buffers of less than a page. */
    @Override
    protected Request request(int number) {
        byte[] pages = Balloon.numbers(0x50_0000 + number, 0x50_0001 + number, 7);
        return new Request(number % 2, pages, 0, done -> assertEquals(0, done.usedLength()));
    }

    @Override
    protected boolean mayKeep(int queue) {
        return queue == Balloon.STATSQ;
    }
}
