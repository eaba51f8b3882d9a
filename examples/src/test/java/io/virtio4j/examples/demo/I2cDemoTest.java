// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.i2c.I2cBus;
import io.virtio4j.i2c.I2cMessage;
import io.virtio4j.i2c.I2cOutcome;
import io.virtio4j.i2c.I2cTransaction;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class I2cDemoTest {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private int run(UnaryOperator<I2cBus> around, String... arguments) {
        PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        return new Demo(List.of(new I2cDemo(around)), out, out, false).run(arguments);
    }

    private String output() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void a_board_is_used_on_every_transport_with_both_ring_formats() {
        assertEquals(0, run(bus -> bus, "--seed=1"), output());
        for (DemoTransport transport : DemoTransport.values()) {
            for (RingFormat ring : RingFormat.values()) {
                String row = "(?s).*\ni2c +%s +%s +[\\d,]+ +[\\d.]+ KiB +[\\d.]+ s +0\n.*"
                        .formatted(DemoOptions.name(transport), DemoOptions.name(ring));
                assertTrue(output().matches(row), output());
            }
        }
        output().lines().forEach(line -> assertTrue(line.length() <= 80, line));
    }

    // ── What goes wrong has to show ────────────────────────────────────────

    /** Passes transactions on and changes a bit of what the nth long read brings. */
    private static I2cBus damaging(I2cBus bus, int nth) {
        AtomicInteger left = new AtomicInteger(nth);
        return transaction -> {
            I2cOutcome outcome = bus.transfer(transaction);
            I2cMessage last = last(transaction);
            if (last.isRead() && last.length() > 100 && left.decrementAndGet() == 0) {
                last.data()[99] ^= 0x10;
            }
            return outcome;
        };
    }

    private static I2cMessage last(I2cTransaction transaction) {
        return transaction.message(transaction.size() - 1);
    }

    @Test
    void a_flipped_bit_is_found() {
        int exit = run(bus -> damaging(bus, 3), "--seed=2", "--transport=mmio", "--ring=split");

        assertEquals(1, exit, output());
        assertTrue(output().contains("read memory: memory differs at 8291"), output());
    }

    @Test
    void a_target_that_is_missing_is_found() {
        int exit = run(bus -> transaction -> last(transaction).address() == 0x48
                        ? I2cOutcome.ADDRESS_NACK
                        : bus.transfer(transaction),
                "--seed=3", "--transport=pci", "--ring=packed");

        assertEquals(1, exit, output());
        assertTrue(output().contains("probe: found targets at [32, 80, 104]"), output());
    }
}
