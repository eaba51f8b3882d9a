// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.host.linux.Errno;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.i2c.I2cAddress;
import io.virtio4j.i2c.I2cCounter;
import io.virtio4j.i2c.I2cDevice;
import io.virtio4j.i2c.I2cOutcome;
import io.virtio4j.i2c.simulated.Eeprom;
import io.virtio4j.i2c.simulated.Pcf8574;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** From a driver's requests to what Linux is given, and back. */
class LinuxI2cBusTest {

    private static final int OK = 0;
    private static final int ERR = 1;
    private static final int FAIL_NEXT = 1;
    private static final int M_RD = 2;

    private final FakeAdapter adapter = new FakeAdapter();
    private final AtomicInteger closed = new AtomicInteger();
    private final LinuxI2cBus bus = new LinuxI2cBus(List.of(I2cAddress.of(0x50), I2cAddress.of(0x20),
            I2cAddress.tenBit(0x250)), true, adapter, closed::incrementAndGet);
    private final List<Throwable> faults = new ArrayList<>();
    private final I2cDevice device =
            I2cDevice.of(bus).executor(Runnable::run).groupWait(Duration.ZERO).onFault(faults::add).build();
    private final TestDriver driver = TestDriver.attach(device).start();

    @AfterEach
    void end() {
        driver.close();
    }

    private Submitted add(int addr, int flags, int toDriver, int... data) {
        ByteBuffer request = ByteBuffer.allocate(8 + data.length).order(ByteOrder.LITTLE_ENDIAN)
                .putShort((short) addr).putShort((short) 0).putInt(flags);
        for (int each : data) {
            request.put((byte) each);
        }
        return driver.queue(0).add(request.array(), toDriver + 1);
    }

    private int status(Submitted submitted) {
        DriverQueue queue = driver.queue(0);
        queue.publish();
        queue.kick();
        queue.await(submitted);
        return submitted.writable()[submitted.writable().length - 1];
    }

    @Test
    void a_group_is_one_transfer() {
        Eeprom eeprom = adapter.attach(0x50, new Eeprom(256, 8, Duration.ZERO, () -> 0));
        eeprom.program(0x10, (byte) 1, (byte) 2, (byte) 3);
        Submitted pointer = add(0xA0, FAIL_NEXT, 0, 0x10);
        Submitted content = add(0xA0, M_RD, 3);

        assertEquals(OK, status(content));
        assertEquals(OK, status(pointer));
        assertArrayEquals(new byte[] {1, 2, 3, OK}, content.writable());
        assertEquals(List.of("addr=50 flags=0 len=1", "addr=50 flags=1 len=3"), adapter.log());
        assertEquals(1, device.counters().get(I2cCounter.TRANSACTIONS));
    }

    @Test
    void writes_and_messages_of_length_0_arrive() {
        Pcf8574 expander = adapter.attach(0x20, new Pcf8574());

        assertEquals(OK, status(add(0x40, 0, 0, 0xA5)));
        assertEquals(0xA5, expander.latch());
        assertEquals(OK, status(add(0x40, 0, 0)));
        assertEquals(OK, status(add(0x40, M_RD, 0)));
        assertEquals(List.of("addr=20 flags=0 len=1", "addr=20 flags=0 len=0", "addr=20 flags=1 len=0"),
                adapter.log());
    }

    @Test
    void addresses_of_10_bits_are_marked() {
        Pcf8574 expander = adapter.attach(0x10250, new Pcf8574());

        assertEquals(OK, status(add(0x50F4, 0, 0, 0x77)));
        assertEquals(0x77, expander.latch());
        assertEquals(List.of("addr=250 flags=10 len=1"), adapter.log());
    }

    @Test
    void the_largest_transaction_that_linux_takes_arrives() {
        Pcf8574 expander = adapter.attach(0x20, new Pcf8574());
        List<Submitted> all = new ArrayList<>();
        int[] data = new int[200];
        Arrays.fill(data, 0x33);
        for (int i = 0; i < 21; i++) {
            all.add(add(0x40, i < 20 ? FAIL_NEXT : 0, 0, data));
        }

        all.forEach(each -> assertEquals(OK, status(each)));
        assertEquals(21, adapter.log().size());
        assertEquals(0x33, expander.latch());
        assertEquals(OK, status(add(0x40, M_RD, 8192)));
    }

    /** The host's other parts, such as what regulates its voltages, are not the guest's. */
    @Test
    void other_targets_are_out_of_reach() {
        adapter.attach(0x51, new Pcf8574());
        adapter.attach(0x20, new Pcf8574());

        assertEquals(ERR, status(add(0xA2, 0, 0, 1)));
        Submitted good = add(0x40, FAIL_NEXT, 0, 1);
        Submitted bad = add(0xA2, 0, 0, 1);
        assertEquals(ERR, status(bad));
        assertEquals(ERR, status(good));
        assertEquals(List.of(), adapter.log());
    }

    @Test
    @HostileCase("IC-4")
    void a_failure_fails_all_of_the_transaction_as_linux_does_not_say_which() {
        adapter.attach(0x20, new Pcf8574());
        Submitted first = add(0x40, FAIL_NEXT, 0, 1);
        Submitted second = add(0xA0, M_RD, 4);

        assertEquals(ERR, status(second));
        assertEquals(ERR, status(first));
        assertEquals(OK, status(add(0x40, 0, 0, 1)));
        assertEquals(List.of(), faults);
    }

    @ParameterizedTest
    @CsvSource({"6, ADDRESS_NACK", "121, ADDRESS_NACK", "11, ARBITRATION_LOST", "110, BUS_STUCK", "16, BUS_STUCK",
        "95, UNSUPPORTED", "22, UNSUPPORTED", "71, UNSUPPORTED", "5, FAILED", "4, FAILED", "0, OK"})
    @HostileCase("IC-4")
    void error_numbers_are_those_of_linux_list_of_fault_codes(int errno, I2cOutcome outcome) throws IOException {
        assertEquals(outcome, LinuxI2cBus.outcome(errno));
        adapter.attach(0x20, new Pcf8574());
        adapter.fail(errno);

        assertEquals(errno == 0 ? OK : ERR, status(add(0x40, 0, 0, 1)));
        assertEquals(List.of(), faults);
    }

    @Test
    @HostileCase("IC-4")
    void an_adapter_that_is_gone_is_told_to_the_embedder() {
        adapter.fail(19);

        assertEquals(ERR, status(add(0x40, 0, 0, 1)));
        assertEquals("ioctl: request=I2C_RDWR errno=ENODEV(19)", faults.getFirst().getMessage());
        adapter.fail(133 + 100);
        assertEquals(ERR, status(add(0x40, 0, 0, 1)));
        assertEquals(2, faults.size());
    }

    @Test
    void addresses_of_10_bits_need_an_adapter_that_knows_them() {
        assertThrows(IllegalArgumentException.class,
                () -> new LinuxI2cBus(List.of(I2cAddress.tenBit(1)), false, adapter, () -> {}));
    }

    @Test
    void what_is_no_bus_cannot_be_opened() {
        LinuxException refused = assertThrows(LinuxException.class,
                () -> LinuxI2cBus.open(Path.of("/dev/null"), List.of(I2cAddress.of(0x50))));

        assertEquals(Errno.ENOTTY, refused.error());
        bus.close();
        assertEquals(1, closed.get());
        assertTrue(bus.toString().contains("targets=3"));
    }
}
