// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.i2c.simulated.Eeprom;
import io.virtio4j.i2c.simulated.SimulatedBus;
import io.virtio4j.testkit.DeviceContract;
import io.virtio4j.testkit.Submitted;
import java.time.Duration;

/** What holds for every I2C adapter, whatever bus it has. */
abstract class I2cContract extends DeviceContract {

    private static final int HERE = I2cRig.addr(0x50);
    private static final int NOBODY = I2cRig.addr(0x51);
    private static final int READ_BYTES = 20;

    /** A bus with a memory that is never busy. */
    static SimulatedBus bus() {
        SimulatedBus bus = new SimulatedBus();
        bus.attach(0x50, new Eeprom(256, 8, Duration.ZERO, () -> 0));
        return bus;
    }

    @Override
    protected FeatureSet demandedFeatures() {
        return FeatureSet.of(I2cFeature.ZERO_LENGTH_REQUEST);
    }

    @Override
    protected Request request(int number) {
        return switch (number % 4) {
            case 0 -> request(I2cRig.bytes(HERE, 0, (byte) number, (byte) 1, (byte) 2), 0, I2cRig.OK);
            case 1 -> request(I2cRig.bytes(HERE, I2cRig.M_RD), READ_BYTES, I2cRig.OK);
            case 2 -> request(I2cRig.bytes(HERE, 0), 0, I2cRig.OK);
            default -> request(I2cRig.bytes(NOBODY, I2cRig.M_RD), 0, I2cRig.ERR);
        };
    }

    private static Request request(byte[] readable, int toDriver, int status) {
        return new Request(0, readable, toDriver + 1, done -> check(done, toDriver, status));
    }

    private static void check(Submitted done, int toDriver, int status) {
        assertEquals(toDriver + 1, done.usedLength());
        assertEquals(status, done.writable()[toDriver]);
        done.assertNothingBeyond();
    }
}
