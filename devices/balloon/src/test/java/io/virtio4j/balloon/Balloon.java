// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon;

import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.memory.PageRelease;
import io.virtio4j.core.transport.DeviceInstanceBuilder;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.Submitted.Descriptor;
import io.virtio4j.testkit.TestDriver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Consumer;

/** A balloon and a driver that speaks its protocol. */
final class Balloon implements AutoCloseable {

    static final int PAGE = BalloonDevice.PAGE_SIZE;

    static final int INFLATEQ = 0;
    static final int DEFLATEQ = 1;
    static final int STATSQ = 2;
    static final int FREE_PAGE_VQ = 3;
    static final int REPORTING_VQ = 4;

    static final int NUM_PAGES = 0;
    static final int ACTUAL = 4;
    static final int CMD_ID = 8;
    static final int POISON_VAL = 12;

    final BalloonDevice device;
    final TestDriver driver;

    private Balloon(BalloonDevice device, GuestRam ram, Consumer<DeviceInstanceBuilder> choices) {
        this.device = device;
        driver = TestDriver.attach(device, ram, choices);
    }

    static Balloon attach(BalloonDevice device) {
        return new Balloon(device, GuestRam.allocate(), builder -> {});
    }

    static Balloon attach(BalloonDevice device, GuestRam ram) {
        return new Balloon(device, ram, builder -> {});
    }

    static Balloon start(PageRelease release, DriverOptions options) {
        return start(new BalloonDevice(release), options);
    }

    static Balloon start(BalloonDevice device, DriverOptions options) {
        return attach(device).begin(options);
    }

    /** With all queues, as the features of the options number them. */
    Balloon begin(DriverOptions options) {
        driver.start(options);
        FeatureSet negotiated = driver.negotiated();
        if (negotiated.has(BalloonFeature.STATS_VQ)) {
            driver.queue(STATSQ).mayKeepBuffers();
        }
        return this;
    }

    long count(BalloonCounter counter) {
        return device.counters().get(counter);
    }

    long config(int offset) {
        return driver.port().readConfig(offset, 4);
    }

    // ── Pages ──────────────────────────────────────────────────────────────

    /** So many pages next to each other, filled with something. */
    GuestBuffer pages(int count) {
        GuestBuffer pages = driver.ram().allocate((long) count * PAGE, PAGE);
        pages.fill(0xA7);
        return pages;
    }

    static long number(GuestBuffer pages, int index) {
        return pages.address() / PAGE + index;
    }

    static byte[] numbers(long... numbers) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
        for (long number : numbers) {
            bytes.putInt((int) number);
        }
        return bytes.array();
    }

    Submitted inflate(long... numbers) {
        return driver.queue(INFLATEQ).exchange(numbers(numbers), 0);
    }

    Submitted deflate(long... numbers) {
        return driver.queue(DEFLATEQ).exchange(numbers(numbers), 0);
    }

    /** Makes pages available as the buffer, and waits for its use. */
    Submitted offer(int queue, GuestBuffer pages) {
        DriverQueue to = driver.queue(queue);
        Submitted buffer = to.add(new Descriptor(pages.address(), pages.length(), true));
        to.publish();
        to.kick();
        return to.await(buffer);
    }

    // ── Statistics ─────────────────────────────────────────────────────────

    /** Tags and values, in turns. */
    static byte[] statistics(long... entries) {
        ByteBuffer bytes = ByteBuffer.allocate(5 * entries.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < entries.length; i += 2) {
            bytes.putShort((short) entries[i]).putLong(entries[i + 1]);
        }
        return bytes.array();
    }

    /** Makes a buffer of statistics available, which the device may hold. */
    Submitted supply(byte[] statistics) {
        Submitted buffer = driver.queue(STATSQ).submit(statistics, 0);
        driver.runDevice();
        driver.queue(STATSQ).collect();
        return buffer;
    }

    boolean isReturned(Submitted buffer) {
        driver.runDevice();
        driver.queue(STATSQ).collect();
        return buffer.isUsed();
    }

    // ── Hints ──────────────────────────────────────────────────────────────

    /** Tells the device a command ID. */
    void command(long id) {
        driver.queue(FREE_PAGE_VQ).exchange(numbers(id), 0);
    }

    @Override
    public void close() {
        driver.close();
    }
}
