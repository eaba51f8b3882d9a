// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.core;

import static io.virtio4j.core.transport.DeviceStatus.DEVICE_NEEDS_RESET;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.Feature;
import io.virtio4j.core.queue.QueueCounters;
import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.InterruptProbe;
import io.virtio4j.testkit.RawQueue;
import io.virtio4j.testkit.RawQueue.Raw;
import io.virtio4j.testkit.RawQueue.Used;
import io.virtio4j.testkit.ScriptedDevice;
import io.virtio4j.testkit.TestDriver;
import java.time.Duration;
import java.util.List;

/**
 * A device that echoes, and a queue whose rings the test writes itself. The answers to hostile drivers are
 * checks here: a chain is served, refused with length 0, or the device needs a reset.
 */
final class RawRig implements AutoCloseable {

    static final int NEXT = RawQueue.NEXT;
    static final int WRITE = RawQueue.WRITE;
    static final int INDIRECT = RawQueue.INDIRECT;

    private static final int BYTES = 48;
    private static final byte CANARY = 0x33;

    final ScriptedDevice device;
    final TestDriver driver;
    final RawQueue queue;
    /** Filled with 0, 1, 2 and so on. */
    final GuestBuffer readable;
    /** Filled with a canary. */
    final GuestBuffer writable;

    RawRig(RingFormat format, int size) {
        this(new ScriptedDevice().queues(1, 32768), format, size);
    }

    RawRig(ScriptedDevice device, RingFormat format, int size, Feature... without) {
        this(device, GuestRam.allocate(), format, size, without);
    }

    RawRig(ScriptedDevice device, GuestRam ram, RingFormat format, int size, Feature... without) {
        this.device = device;
        driver = TestDriver.attach(device, ram,
                builder -> builder.offer(CoreFeature.ORDER_PLATFORM).resetGrace(Duration.ZERO));
        driver.reset().negotiate(DriverOptions.of(format).without(without));
        queue = RawQueue.enable(driver, 0, size);
        driver.driverOk();
        driver.runDevice();
        readable = driver.ram().allocate(BYTES);
        writable = driver.ram().allocate(BYTES);
        refill();
    }

    private void refill() {
        for (int i = 0; i < BYTES; i++) {
            readable.write(i, (byte) i);
        }
        writable.fill(CANARY);
    }

    QueueCounters counters() {
        return driver.instance().counters(0);
    }

    GuestBuffer allocate(long length) {
        return driver.ram().allocate(length);
    }

    static Raw in(GuestBuffer buffer, long offset, long length) {
        return new Raw(buffer.address() + offset, length, NEXT);
    }

    static Raw out(GuestBuffer buffer, long offset, long length) {
        return new Raw(buffer.address() + offset, length, WRITE);
    }

    static Raw linked(Raw raw) {
        return new Raw(raw.address(), raw.length(), raw.flags() | NEXT);
    }

    static Raw last(Raw raw) {
        return new Raw(raw.address(), raw.length(), raw.flags() & ~NEXT);
    }

    Raw table(GuestBuffer table) {
        return new Raw(table.address(), table.length(), INDIRECT);
    }

    /** A descriptor that refers to a new table of these entries. */
    Raw linkedTable(Raw... entries) {
        GuestBuffer table = allocate(16L * entries.length);
        queue.table(table, entries);
        return table(table);
    }

    /** Kicks and runs the device. */
    void run() {
        queue.kick();
        driver.runDevice();
    }

    /** Makes a chain available and returns how it was used. */
    Used use(Raw... raws) {
        int id = queue.chain(raws);
        run();
        return takeOne(id);
    }

    Used takeOne(int id) {
        List<Used> used = queue.takeUsed();
        assertEquals(1, used.size(), () -> "used=" + used + " " + counters());
        assertEquals(id, used.getFirst().id());
        return used.getFirst();
    }

    /** R5: all {@code BYTES} bytes are echoed. */
    void assertServed(Raw... raws) {
        Used used = use(raws);
        assertEquals(BYTES, used.length());
        assertArrayEquals(readable.bytes(), writable.bytes());
        writable.fill(CANARY);
    }

    /** R2: the head comes back with length 0, nothing was written, and the queue goes on. */
    void assertRefused(Raw... raws) {
        assertRefused(queue.chain(raws));
    }

    /** R2, of a chain that was made available already. */
    void assertRefused(int id) {
        long faults = counters().chainFaults();
        run();
        assertEquals(0, takeOne(id).length());
        assertEquals(faults + 1, counters().chainFaults());
        assertUntouched();
        assertAlive();
    }

    /** Neither buffer was written. */
    void assertUntouched() {
        assertTrue(writable.isFilledWith(CANARY));
        for (int i = 0; i < BYTES; i++) {
            assertEquals(i, readable.get(i, 1));
        }
    }

    /** A good request is served. */
    void assertAlive() {
        assertServed(in(readable, 0, BYTES), out(writable, 0, BYTES));
    }

    /** R3: latched, DEVICE_NEEDS_RESET once, told once; after a reset all is well. */
    void assertNeedsReset() {
        run();
        run();
        assertTrue(driver.needsReset());
        assertEquals(1, counters().ringFaults());
        assertEquals(1, driver.port().interrupts().count(InterruptProbe.CONFIGURATION));
        assertTrue(driver.port().takeNotifications().configurationChanged());
        assertUntouched();
        driver.start().queue(0).exchange(new byte[8], 8);
        assertEquals(0, driver.port().status() & DEVICE_NEEDS_RESET);
        assertNotEquals(0, driver.port().status());
    }

    @Override
    public void close() {
        driver.close();
    }
}
