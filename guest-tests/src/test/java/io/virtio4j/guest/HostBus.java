// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.i2c.I2cAddress;
import io.virtio4j.i2c.I2cCounter;
import io.virtio4j.i2c.I2cDevice;
import io.virtio4j.i2c.linux.LinuxI2cBus;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * What {@link HostBusGuestTest} runs inside of the guest: an I2C device whose bus is one of the guest's kernel, and a
 * driver in the same process. The parts on the bus are outside of the guest.
 */
public final class HostBus {

    static final I2cAddress MEMORY = I2cAddress.of(0x50);
    /** Nothing is there. */
    static final I2cAddress ABSENT = I2cAddress.of(0x51);
    /** Takes one byte of two. */
    static final I2cAddress STUBBORN = I2cAddress.of(0x20);
    static final I2cAddress FAR = I2cAddress.tenBit(0x250);
    /** Is there, and not for the guest. */
    static final I2cAddress FOREIGN = I2cAddress.of(0x48);

    private static final int OK = 0;
    private static final int ERR = 1;
    private static final int FAIL_NEXT = 1;
    private static final int M_RD = 2;

    private final I2cDevice device;
    private final DriverQueue queue;

    private HostBus(I2cDevice device, TestDriver driver) {
        this.device = device;
        queue = driver.queue(0);
    }

    /** The bus's device file is the argument. */
    public static void main(String... arguments) throws IOException {
        ExecutorService executor = Executors.newSingleThreadExecutor();
        try (LinuxI2cBus bus = LinuxI2cBus.open(Path.of(arguments[0]), List.of(MEMORY, ABSENT, STUBBORN, FAR))) {
            I2cDevice device = I2cDevice.of(bus).executor(executor).timeout(Duration.ofSeconds(60))
                .groupWait(Duration.ofSeconds(1)).build();
            try (TestDriver driver = TestDriver.attach(device).start()) {
                HostBus host = new HostBus(device, driver);
                host.probes();
                host.readsAndWrites();
                host.failures();
                host.tenBits();
            }
        } finally {
            executor.shutdown();
        }
        System.out.println("all transfers work");
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new IllegalStateException("not so: " + what);
        }
        System.out.println(what);
    }

    private static int addr(I2cAddress address) {
        int value = address.value();
        return address.tenBit() ? (value & 0xFF) << 8 | 0xF0 | value >> 8 << 1 : value << 1;
    }

    private Submitted add(I2cAddress address, int flags, int room, int... data) {
        ByteBuffer request = ByteBuffer.allocate(8 + data.length).order(ByteOrder.LITTLE_ENDIAN)
            .putShort((short) addr(address)).putShort((short) 0).putInt(flags);
        for (int value : data) {
            request.put((byte) value);
        }
        return queue.add(request.array(), room + 1);
    }

    private void publish() {
        queue.publish();
        queue.kick();
    }

    private int status(Submitted request) {
        byte[] all = queue.await(request).writable();
        return all[all.length - 1]; // also where nothing was read before it
    }

    private int write(I2cAddress address, int... data) {
        Submitted request = add(address, 0, 0, data);
        publish();
        return status(request);
    }

    private void probes() {
        check(write(MEMORY) == OK, "a request without data finds a part");
        check(write(ABSENT) == ERR, "nobody acknowledges an address");
        check(device.counters().get(I2cCounter.ADDRESS_NACKS) == 1, "and that is counted");
        check(write(FOREIGN) == ERR, "a part that is not the guest's is not there");
    }

    private void readsAndWrites() {
        check(write(MEMORY, 0x10, 1, 2, 3, 0xA5) == OK, "write");
        check(write(MEMORY, 0x11) == OK, "write of an address");
        Submitted read = add(MEMORY, M_RD, 3);
        publish();
        byte[] found = queue.await(read).written();
        check(Arrays.equals(new byte[] {2, 3, (byte) 0xA5, OK}, found), "read " + Arrays.toString(found));
        Submitted pointer = add(MEMORY, FAIL_NEXT, 0, 0x10);
        Submitted combined = add(MEMORY, M_RD, 4);
        publish();
        check(status(pointer) == OK, "first message of a transaction");
        found = queue.await(combined).written();
        check(Arrays.equals(new byte[] {1, 2, 3, (byte) 0xA5, OK}, found), "combined " + Arrays.toString(found));
    }

    private void failures() {
        check(write(STUBBORN, 1) == OK, "a byte that is acknowledged");
        check(write(STUBBORN, 1, 2) == ERR, "a byte that is not");
        Submitted first = add(MEMORY, FAIL_NEXT, 0, 0x10);
        Submitted second = add(ABSENT, FAIL_NEXT, 0, 0x10);
        Submitted third = add(MEMORY, M_RD, 1);
        publish();
        check(status(first) == ERR && status(second) == ERR && status(third) == ERR, "a transaction fails as a whole");
        check(write(MEMORY, 0x10) == OK, "and the next one works");
    }

    private void tenBits() {
        check(write(FAR, 0x5C) == OK, "write to 10 bits");
        Submitted read = add(FAR, M_RD, 1);
        publish();
        byte[] found = queue.await(read).written();
        check(Arrays.equals(new byte[] {(byte) 0xA3, OK}, found), "read from 10 bits " + Arrays.toString(found));
        check(write(I2cAddress.tenBit(0x251), 1) == ERR, "another address of 10 bits");
    }
}
