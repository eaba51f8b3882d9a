// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples;

import io.virtio4j.i2c.I2cAddress;
import io.virtio4j.i2c.I2cDevice;
import io.virtio4j.i2c.linux.LinuxI2cBus;
import io.virtio4j.i2c.simulated.Eeprom;
import io.virtio4j.i2c.simulated.I2cTarget;
import io.virtio4j.i2c.simulated.Lm75;
import io.virtio4j.i2c.simulated.SimulatedBus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.DoubleSupplier;

/** I2C adapters: a simulated board, a part of one's own, and a bus of the host. */
final class I2cBoard {

    private I2cBoard() {}

    static I2cDevice simulated(DoubleSupplier celsius) {
        // tag::board[]
        SimulatedBus bus = new SimulatedBus();
        bus.attach(0x48, new Lm75(celsius));
        Eeprom eeprom = bus.attach(0x50, Eeprom.at24c02());
        eeprom.program(0, (byte) 0x2A);
        bus.attach(I2cAddress.tenBit(0x250), new Latch());
        I2cDevice adapter = new I2cDevice(bus);
        bus.faults().nackAddress(I2cAddress.of(0x50), 3);
        // end::board[]
        return adapter;
    }

    // tag::target[]
    /** Keeps the last byte. */
    static final class Latch implements I2cTarget {
        private int value;

        public boolean write(int data) {
            value = data;
            return true;
        }

        public int read() {
            return value;
        }
    }
    // end::target[]

    static I2cDevice ofTheHost(Executor executor) throws IOException {
        // tag::linux[]
        LinuxI2cBus bus = LinuxI2cBus.open(Path.of("/dev/i2c-1"), List.of(I2cAddress.of(0x48)));
        I2cDevice adapter = I2cDevice.of(bus).executor(executor).build();
        // end::linux[]
        return adapter;
    }
}
