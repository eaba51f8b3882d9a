// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.mem;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.wire.Le64;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.TestDriver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.UnaryOperator;

/** A memory device, the memory of its region, and a driver that speaks its protocol. */
final class Dimm implements AutoCloseable {

    static final int PLUG = 0;
    static final int UNPLUG = 1;
    static final int UNPLUG_ALL = 2;
    static final int STATE = 3;

    static final int ACK = 0;
    static final int NACK = 1;
    static final int BUSY = 2;
    static final int ERROR = 3;

    static final int PLUGGED = 0;
    static final int UNPLUGGED = 1;
    static final int MIXED = 2;

    static final long ADDRESS = 0x4000_0000L;
    static final int BLOCK = 4096;
    static final int BLOCKS = 64;
    static final int RESPONSE = 10;

    final MemoryRegion region;
    final MemDevice device;
    final GuestRam ram = GuestRam.allocate();
    final TestDriver driver;

    private Dimm(MemoryRegion region, UnaryOperator<MemDeviceBuilder> choices) {
        this.region = region;
        device = choices.apply(builder(region)).build();
        ram.memory().add(region);
        driver = TestDriver.attach(device, ram, builder -> {});
    }

    static MemoryRegion region() {
        return MemoryRegion.allocate(ADDRESS, (long) BLOCKS * BLOCK);
    }

    static MemDeviceBuilder builder(MemoryRegion region) {
        return MemDevice.of(region).blockSize(BLOCK).requestedSize(region.length());
    }

    /** All that there is may be plugged. */
    static Dimm start(DriverOptions options) {
        return start(options, builder -> builder);
    }

    static Dimm start(DriverOptions options, UnaryOperator<MemDeviceBuilder> choices) {
        Dimm dimm = new Dimm(region(), choices);
        dimm.driver.start(options);
        return dimm;
    }

    /** With what the driver is not to fill: the device has to ignore it. */
    static byte[] request(int type, long address, int blocks) {
        return ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN)
                .putShort((short) type).put(new byte[] {1, 2, 3, 4, 5, 6})
                .putLong(address).putShort((short) blocks).put(new byte[] {9, 8, 7, 6, 5, 4}).array();
    }

    /** A response; its padding was looked at. */
    record Answer(int type, int state) {

        static Answer of(byte[] written) {
            ByteBuffer fields = ByteBuffer.wrap(written).order(ByteOrder.LITTLE_ENDIAN);
            assertEquals(RESPONSE, written.length);
            assertEquals(0, fields.getInt(2));
            assertEquals(0, fields.getShort(6));
            return new Answer(fields.getShort(0), fields.getShort(8));
        }
    }

    Answer ask(int type, long address, int blocks) {
        return Answer.of(driver.queue(0).exchange(request(type, address, blocks), RESPONSE).written());
    }

    static long at(int block) {
        return ADDRESS + (long) block * BLOCK;
    }

    int answer(int type, int block, int count) {
        Answer answer = ask(type, at(block), count);
        assertEquals(0, answer.state, "nothing but STATE tells a state");
        return answer.type;
    }

    void plug(int block, int count) {
        assertEquals(ACK, answer(PLUG, block, count));
    }

    void unplug(int block, int count) {
        assertEquals(ACK, answer(UNPLUG, block, count));
    }

    int state(int block, int count) {
        Answer answer = ask(STATE, at(block), count);
        assertEquals(ACK, answer.type);
        return answer.state;
    }

    /** A field of the configuration as the driver reads it. */
    long config(Le64 field) {
        return device.configSpace().get(fields -> field.get(fields, 0));
    }

    long plugged() {
        return config(MemConfig.PLUGGED_SIZE);
    }

    /** Whether any device reaches a block. */
    boolean isReachable(int block) {
        return ram.memory().current().find(at(block)) != null;
    }

    @Override
    public void close() {
        driver.close();
    }
}
