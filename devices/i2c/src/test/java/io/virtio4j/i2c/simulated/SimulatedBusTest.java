// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c.simulated;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.virtio4j.i2c.I2cAddress;
import org.junit.jupiter.api.Test;

class SimulatedBusTest {

    private final SimulatedBus bus = new SimulatedBus();

    @Test
    void an_address_has_one_target_at_a_time() {
        Pcf8574 first = bus.attach(0x20, new Pcf8574());
        IllegalStateException refused =
                assertThrows(IllegalStateException.class, () -> bus.attach(0x20, new Pcf8574()));

        assertEquals("there is a target at this address: address=0x20 target=" + first, refused.getMessage());
        bus.attach(I2cAddress.tenBit(0x20), new Pcf8574());
        bus.detach(I2cAddress.of(0x20));
        bus.attach(0x20, new Pcf8574());
    }

    @Test
    void addresses_that_there_are_not_are_refused() {
        assertThrows(IllegalArgumentException.class, () -> I2cAddress.of(0x78));
        assertThrows(IllegalArgumentException.class, () -> I2cAddress.of(-1));
        assertThrows(IllegalArgumentException.class, () -> I2cAddress.tenBit(1024));
        assertEquals("0x250", I2cAddress.tenBit(0x250).toString());
    }

    @Test
    void faults_that_make_no_sense_are_refused() {
        I2cAddress address = I2cAddress.of(0x20);

        assertThrows(IllegalArgumentException.class, () -> bus.faults().nackAddress(address, 0));
        assertThrows(IllegalArgumentException.class, () -> bus.faults().nackData(address, -1));
        assertThrows(IllegalArgumentException.class, () -> bus.faults().loseArbitration(0));
    }
}
