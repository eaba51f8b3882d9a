// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.i2c.I2cCounter;
import io.virtio4j.i2c.I2cFeature;
import java.io.IOException;
import java.util.List;

/** An I2C adapter with a board behind it, which a guest finds on PCI or on MMIO. */
final class ServedI2c implements ServedDevice {

    private static final String SOCKET = "i2c.sock";

    private final I2cBoard board;
    private final ServedSlot slot;

    private ServedI2c(I2cBoard board, ServedSlot slot) {
        this.board = board;
        this.slot = slot;
    }

    static ServedI2c serve(SharedDirectory shared, Wiring wiring, I2cBoard board) throws IOException {
        DeviceInstance instance = wiring.instance(board.device()).build();
        return new ServedI2c(board, ServedSlot.serve(shared, wiring, SOCKET, instance));
    }

    /** Puts the adapter into a machine. */
    LinuxGuest.Builder plugInto(LinuxGuest.Builder machine) {
        return slot.plugInto(machine);
    }

    FeatureSet accepted() {
        return slot.accepted();
    }

    long count(I2cCounter counter) {
        return board.device().counters().get(counter);
    }

    @Override
    public String type() {
        return "i2c";
    }

    @Override
    public Wiring wiring() {
        return slot.wiring();
    }

    @Override
    public List<String> acceptedNames() {
        return ServedDevice.names(accepted(), I2cFeature.values(), CoreFeature.values());
    }

    @Override
    public long operations() {
        return count(I2cCounter.READS) + count(I2cCounter.WRITES);
    }

    @Override
    public long bytes() {
        return count(I2cCounter.READ_BYTES) + count(I2cCounter.WRITTEN_BYTES);
    }

    /** Not what a target did not acknowledge: tests ask for that. */
    @Override
    public long errors() {
        return count(I2cCounter.BUS_ERRORS) + count(I2cCounter.TIMEOUTS);
    }

    @Override
    public void close() {
        slot.close();
    }
}
