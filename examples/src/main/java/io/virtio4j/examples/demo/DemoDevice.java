// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.TestDriver;
import java.io.IOException;
import java.util.List;

/** A device type in the demo: a row of the table for each transport and ring format. */
interface DemoDevice {

    /** The device's name, as {@code --device} takes it. */
    String name();

    /** Makes a fresh device and what it works on. */
    Work prepare(DemoOptions options) throws IOException;

    /** One device, from its making to the last look at what it left behind. */
    interface Work extends AutoCloseable {

        /** The device; the machine connects and initializes it. */
        VirtioDevice device();

        /** How many bytes of guest memory the driver needs for its buffers. */
        default long memory() {
            return 8L << 20;
        }

        /** Devices of further machines: each gets memory, a transport and a driver of its own. */
        default List<VirtioDevice> peers() {
            return List.of();
        }

        /** What the driver of a machine accepts; 0 is that of {@link #device}, 1 of the first peer. */
        default DriverOptions options(int machine, DriverOptions usual) {
            return usual;
        }

        /**
         * Drives the device. What goes wrong is an error of the log, or thrown.
         *
         * @param peers the drivers of {@link #peers}
         */
        void operate(TestDriver driver, List<TestDriver> peers, RunLog log) throws IOException;

        /** Looks at the device's backend, after the device is gone. */
        void inspect(RunLog log) throws IOException;

        /** Deletes what was made for this run. */
        @Override
        void close() throws IOException;
    }
}
