// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.mem;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.testkit.DeviceContract;

/** What holds for every device, by requests of every type; the region has no memory behind it. */
class MemContractTest extends DeviceContract {

    @Override
    protected VirtioDevice device() {
        return MemDevice.of(Dimm.ADDRESS, 64 * Dimm.BLOCK).blockSize(Dimm.BLOCK)
                .requestedSize(32 * Dimm.BLOCK).build();
    }

    /** Whatever is plugged already, one that plugs or unplugs has an answer. */
    @Override
    protected Request request(int number) {
        int type = (number + Dimm.STATE) % 4; // the first leaves the configuration as it was
        byte[] request = Dimm.request(type, Dimm.at(number % 7), 1 + number % 3);
        return new Request(0, request, Dimm.RESPONSE, done -> {
            Dimm.Answer answer = Dimm.Answer.of(done.written());
            if (type >= Dimm.UNPLUG_ALL) {
                assertEquals(Dimm.ACK, answer.type());
            } else {
                assertTrue(answer.type() == Dimm.ACK || answer.type() == Dimm.ERROR, answer.toString());
            }
        });
    }
}
