// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.i2c.I2cCounter;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/** A board on an I2C bus of ours in a guest: used by i2c-tools, and by the kernel's drivers of its parts. */
@Tag("guest")
@ExtendWith(GuestReport.class)
class ServedI2cGuestTest {

    @OnEachWiring
    void i2c_tools_use_the_bus(Wiring wiring, GuestReport.Row row) throws IOException {
        with(wiring, "i2c-tools-" + wiring, row, work -> {
            row.step("probe");
            work.probe();
            row.step("bytes, words, blocks");
            work.bytesAndWords();
            work.blocks();
            row.step("dumps and transfers");
            work.dumps();
            work.transfers();
            row.step("faults");
            work.faults();
            row.step("addresses of 10 bits");
            work.tenBits();
            row.step("several at once");
            work.severalAtOnce();
            row.step("unbind and bind");
            work.rebind();
        });
    }

    @OnEachWiring
    void drivers_of_the_kernel_use_the_parts(Wiring wiring, GuestReport.Row row) throws IOException {
        with(wiring, "i2c-drivers-" + wiring, row, work -> {
            row.step("at24");
            work.at24();
            row.step("lm75");
            work.lm75();
            row.step("ds1307");
            work.ds1307();
            row.step("pcf857x");
            work.pcf857x();
        });
    }

    private static void with(
        Wiring wiring, String name, GuestReport.Row row, Consumer<I2cWork> what)
        throws IOException {
        I2cBoard board = new I2cBoard();
        try (SharedDirectory shared = SharedDirectory.create();
             ServedI2c served = ServedI2c.serve(shared, wiring, board);
             LinuxGuest guest = served.plugInto(LinuxGuest.builder(shared))
                 .programs(GuestPrograms.BOARD).name(name).processors(2).start()) {
            row.shows(served);
            what.accept(new I2cWork(guest, board));
            assertEquals(wiring.ring() == Wiring.Ring.PACKED, served.accepted().has(CoreFeature.RING_PACKED));
            guest.powerOff();
            assertEquals(List.of(), guest.complaints());
            assertEquals(0, served.errors());
            assertNotEquals(0, served.count(I2cCounter.READS));
            row.note("Linux " + guest.release() + ", " + served.count(I2cCounter.TRANSACTIONS) + " transactions");
        }
    }
}
