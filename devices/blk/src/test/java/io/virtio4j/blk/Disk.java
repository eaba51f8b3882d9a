// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import io.virtio4j.core.transport.DeviceInstanceBuilder;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** A block device and a driver that speaks its protocol. */
final class Disk implements AutoCloseable {

    static final int IN = 0;
    static final int OUT = 1;
    static final int FLUSH = 4;
    static final int GET_ID = 8;
    static final int GET_LIFETIME = 10;
    static final int DISCARD = 11;
    static final int WRITE_ZEROES = 13;
    static final int SECURE_ERASE = 14;
    static final int ZONE_APPEND = 15;
    static final int ZONE_REPORT = 16;
    static final int ZONE_OPEN = 18;
    static final int ZONE_CLOSE = 20;
    static final int ZONE_FINISH = 22;
    static final int ZONE_RESET = 24;
    static final int ZONE_RESET_ALL = 26;

    static final int OK = 0;
    static final int IOERR = 1;
    static final int UNSUPP = 2;
    static final int INVALID = 3;
    static final int UNALIGNED = 4;
    static final int OPEN_RESOURCE = 5;
    static final int ACTIVE_RESOURCE = 6;

    private final BlockDevice device;
    private final TestDriver driver;

    private Disk(BlockDevice device, TestDriver driver) {
        this.device = device;
        this.driver = driver;
    }

    /** Forces on the thread that runs the device: every run is the same. */
    static Disk of(BlockBackend backend) {
        return of(BlockDevice.of(backend).forceThread(Runnable::run).build());
    }

    static Disk of(BlockDevice device) {
        return of(device, DriverOptions.split());
    }

    static Disk of(BlockDevice device, DriverOptions options) {
        return unstarted(device).start(options);
    }

    static Disk of(BlockDevice device, DriverOptions options, Consumer<DeviceInstanceBuilder> choices) {
        GuestRam ram = GuestRam.empty().add(GuestRam.BASE, 40 << 20);
        return new Disk(device, TestDriver.attach(device, ram, choices)).start(options);
    }

    static Disk unstarted(BlockDevice device) {
        return new Disk(device, TestDriver.attach(device));
    }

    Disk start(DriverOptions options) {
        driver.start(options);
        return this;
    }

    BlockDevice device() {
        return device;
    }

    TestDriver driver() {
        return driver;
    }

    DriverQueue queue() {
        return driver.queue(0);
    }

    // ── Requests ───────────────────────────────────────────────────────────

    /** Sends a request and waits for its end. */
    Reply request(int type, long sector, byte[] data, int dataToDriver) {
        return new Reply(queue().exchange(bytes(type, sector, data), dataToDriver + 1));
    }

    Reply read(long sector, int bytes) {
        return request(IN, sector, new byte[0], bytes);
    }

    Reply write(long sector, byte[] data) {
        return request(OUT, sector, data, 0);
    }

    Reply flush() {
        return request(FLUSH, 0, new byte[0], 0);
    }

    Reply zone(int type, long sector) {
        return request(type, sector, new byte[0], 0);
    }

    Reply ranges(int type, Range... ranges) {
        return request(type, 0, Range.bytes(ranges), 0);
    }

    /** The device-readable bytes of a request. */
    static byte[] bytes(int type, long sector, byte[] data) {
        return ByteBuffer.allocate(16 + data.length).order(ByteOrder.LITTLE_ENDIAN)
                .putInt(type).putInt(0).putLong(sector).put(data).array();
    }

    /** Bytes that are the same for the same seed. */
    static byte[] pattern(long seed, int length) {
        byte[] bytes = new byte[length];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }

    /** A segment of a discard, zeroing or erasure. */
    record Range(long sector, long sectors, int flags) {

        static byte[] bytes(Range... ranges) {
            ByteBuffer bytes = ByteBuffer.allocate(16 * ranges.length).order(ByteOrder.LITTLE_ENDIAN);
            for (Range range : ranges) {
                bytes.putLong(range.sector).putInt((int) range.sectors).putInt(range.flags);
            }
            return bytes.array();
        }
    }

    /** What came back. */
    record Reply(Submitted submitted) {

        int status() {
            byte[] writable = submitted.writable();
            return writable[writable.length - 1];
        }

        /** Everything before the status. */
        byte[] data() {
            byte[] writable = submitted.writable();
            return Arrays.copyOf(writable, writable.length - 1);
        }

        long usedLength() {
            return submitted.usedLength();
        }

        ByteBuffer littleEndian() {
            return ByteBuffer.wrap(data()).order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    @Override
    public void close() {
        driver.close();
    }
}
