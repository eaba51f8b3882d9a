// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.testkit.ScriptedDevice;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps every chain until the test ends it: a device with slow I/O. */
final class ParkingDevice extends ScriptedDevice {

    /** The chains that are kept. */
    final List<DescriptorChain> parked = new CopyOnWriteArrayList<>();

    ParkingDevice() {
        handler(this::park);
    }

    private void park(DescriptorChain chain) {
        chain.defer();
        parked.add(chain);
    }

    /** Echoes and completes the chain that was kept at this place in the list. */
    void finish(int index) {
        echo(parked.remove(index));
    }

    /** Completes everything, the latest first. */
    void finishAll() {
        while (!parked.isEmpty()) {
            finish(parked.size() - 1);
        }
    }

    /** Completes everything without a look at its memory, as cancelled I/O does. */
    void cancelAll() {
        parked.forEach(chain -> chain.complete(0));
        parked.clear();
    }
}
