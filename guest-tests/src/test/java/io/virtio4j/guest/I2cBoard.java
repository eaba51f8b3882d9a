// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.i2c.I2cAddress;
import io.virtio4j.i2c.I2cDevice;
import io.virtio4j.i2c.simulated.Ds1307;
import io.virtio4j.i2c.simulated.Eeprom;
import io.virtio4j.i2c.simulated.I2cTarget;
import io.virtio4j.i2c.simulated.Lm75;
import io.virtio4j.i2c.simulated.Pcf8574;
import io.virtio4j.i2c.simulated.SimulatedBus;
import java.time.InstantSource;

/** A board with a part of each kind on one bus. */
final class I2cBoard {

    static final int EXPANDER = 0x20;
    static final int REGISTERS = 0x2C;
    static final int SENSOR = 0x48;
    static final int MEMORY = 0x50;
    static final int CLOCK = 0x68;
    /** Of 10 bits. */
    static final int FAR = 0x250;

    private final SimulatedBus bus = new SimulatedBus();
    private final Pcf8574 expander = bus.attach(EXPANDER, new Pcf8574());
    private final SmbusRegisters registers = bus.attach(REGISTERS, new SmbusRegisters(REGISTERS));
    private final Lm75 sensor = bus.attach(SENSOR, new Lm75(this::celsius));
    private final Eeprom memory = bus.attach(MEMORY, Eeprom.at24c02());
    private final Ds1307 clock = bus.attach(CLOCK, new Ds1307(InstantSource.system()));
    private final Latch far = new Latch();
    private final I2cDevice device = new I2cDevice(bus);
    private volatile double celsius = 21.5;

    I2cBoard() {
        bus.attach(I2cAddress.tenBit(FAR), far);
    }

    /** Keeps the last byte. */
    static final class Latch implements I2cTarget {

        private volatile int value;

        int value() {
            return value;
        }

        @Override
        public boolean write(int data) {
            value = data;
            return true;
        }

        @Override
        public int read() {
            return value ^ 0xFF;
        }
    }

    I2cDevice device() {
        return device;
    }

    SimulatedBus bus() {
        return bus;
    }

    Pcf8574 expander() {
        return expander;
    }

    SmbusRegisters registers() {
        return registers;
    }

    Lm75 sensor() {
        return sensor;
    }

    Eeprom memory() {
        return memory;
    }

    Ds1307 clock() {
        return clock;
    }

    Latch far() {
        return far;
    }

    private double celsius() {
        return celsius;
    }

    void celsius(double degrees) {
        celsius = degrees;
    }
}
