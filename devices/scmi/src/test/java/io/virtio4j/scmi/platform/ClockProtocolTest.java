// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.scmi.protocol.ManualPlatformClock;
import io.virtio4j.scmi.protocol.Message;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import io.virtio4j.scmi.protocol.ScmiStatus;
import io.virtio4j.scmi.protocol.TestAgent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** [DEN0056: Clock management protocol]. */
class ClockProtocolTest {

    private static final int CLOCK = 0x14;
    private static final int RANGE = 0;
    private static final int SINGLE = 1;
    private static final int FIXED = 2;
    private static final int MUX = 3;
    private static final int RESTRICTED = 4;

    private final AtomicLong crystal = new AtomicLong(24_000_000);
    private final Clock range = Clock.range("range", 100, 1_000, 100).latency(Duration.ofMillis(2))
            .configuration(1, 50);
    private final Clock single = Clock.rates("single",
            LongStream.rangeClosed(1, 40).map(i -> i * 5_000_000_000L).toArray()).off();
    private final Clock fixed = Clock.fixed("fixed", crystal::get);
    private final Clock mux = Clock.mux("a-mux-with-a-long-name", range, fixed);
    private final Clock restricted = Clock.rates("restricted", 1, 2).permits(1, Clock.Control.STATE);
    private final ManualPlatformClock time = new ManualPlatformClock();
    private final ScmiPlatform platform = new SimulatedPlatform().clock(time).agent("linux").agent("modem")
            .add(range).add(single).add(fixed).add(mux).add(restricted).build();
    private final TestAgent linux = TestAgent.of(platform, 1);
    private final TestAgent modem = TestAgent.of(platform, 2);

    @Test
    void tells_of_clocks() {
        assertEquals(0x30000, linux.ok(CLOCK, 0).word(0));
        assertEquals(5, linux.ok(CLOCK, 1).half(0));
        assertEquals(28 - 4, linux.ok(CLOCK, 3, RANGE).bytes().length);
        assertEquals(0xC800_0001L, linux.ok(CLOCK, 3, RANGE).word(0));
        assertEquals(0xC000_0000L, linux.ok(CLOCK, 3, SINGLE).word(0), "off");
        assertEquals(0xF000_0003L, linux.ok(CLOCK, 3, MUX).word(0));
        assertEquals(0xC000_0003L, linux.ok(CLOCK, 3, RESTRICTED).word(0));
        assertEquals("single", linux.ok(CLOCK, 3, SINGLE).name(4, 16));
        assertEquals("a-mux-with-a-long-name", linux.ok(CLOCK, 8, MUX).name(4, 64));
    }

    // ── Rates ──────────────────────────────────────────────────────────────

    @Test
    void a_range_is_described_by_three_values() {
        Message rates = linux.ok(CLOCK, 4, RANGE, 0);
        assertEquals(1 << 12 | 3, rates.word(0));
        assertEquals(List.of(100L, 1_000L, 100L),
                List.of(rates.doubleWord(4), rates.doubleWord(12), rates.doubleWord(20)));
        linux.refused(ScmiStatus.OUT_OF_RANGE, CLOCK, 4, RANGE, 1);
        assertEquals(ScmiStatus.PROTOCOL_ERROR.code(), linux.sendWithRoom(20, CLOCK, 4, RANGE, 0).status());
    }

    @Test
    void single_rates_come_in_parts_from_any_place() {
        List<Long> all = new ArrayList<>();
        while (all.size() < 40) {
            Message part = linux.ok(CLOCK, 4, SINGLE, all.size());
            int count = (int) part.word(0) & 0xFFF;
            assertEquals(0, part.word(0) & 1 << 12);
            assertEquals(40 - all.size() - count, part.word(0) >> 16);
            for (int i = 0; i < count; i++) {
                all.add(part.doubleWord(4 + 8 * i));
            }
        }
        assertEquals(5_000_000_000L, all.getFirst());
        assertEquals(200_000_000_000L, all.getLast());
        assertEquals(200_000_000_000L, linux.ok(CLOCK, 4, SINGLE, 39).doubleWord(4));
        linux.refused(ScmiStatus.OUT_OF_RANGE, CLOCK, 4, SINGLE, 40);
    }

    @ParameterizedTest
    @CsvSource({
        // flags, wish, rate or the code of the status
        "0, 100, 100", "0, 199, 100", "4, 101, 200", "8, 149, 100", "8, 151, 200", "0, 1000, 1000", "0, 5000, 1000",
        "4, 5, 100", "8, 5, 100", "8, 5000, 1000", "0, 99, -2", "4, 1001, -2", "16, 100, -2", "2, 100, -2",
        "12, 100, -2",
    })
    void rates_are_rounded_as_the_agent_says(long flags, long wish, long expected) {
        Message response = linux.send(CLOCK, 5, flags, RANGE, wish, 0);
        assertEquals(Math.min(0, expected), response.status());
        assertEquals(Math.max(100, expected), range.rate());
        assertEquals(range.rate(), linux.ok(CLOCK, 6, RANGE).doubleWord(0));
    }

    @Test
    void rates_have_64_bits() {
        linux.ok(CLOCK, 5, 0, SINGLE, 10_000_000_000L & 0xFFFF_FFFFL, 10_000_000_000L >> 32);
        assertEquals(10_000_000_000L, single.rate());
        linux.refused(ScmiStatus.INVALID_PARAMETERS, CLOCK, 5, 4, SINGLE, 0xFFFF_FFFFL, 0xFFFF_FFFFL);
    }

    @Test
    void a_fixed_clock_runs_as_java_says() {
        crystal.set(25_000_000);
        assertEquals(25_000_000, linux.ok(CLOCK, 6, FIXED).doubleWord(0));
        assertEquals(25_000_000, linux.ok(CLOCK, 4, FIXED, 0).doubleWord(4));
        linux.refused(ScmiStatus.NOT_SUPPORTED, CLOCK, 5, 0, FIXED, 1, 0);
        linux.ok(CLOCK, 9, FIXED, 1);
        fixed.refresh();
        assertEquals(List.of(TestAgent.notification(CLOCK, 0, 0, FIXED, 25_000_000, 0)), linux.events());
    }

    @Test
    void a_rate_can_be_set_later() {
        linux.ok(CLOCK, 5, 1, RANGE, 300, 0);
        linux.ok(CLOCK, 5, 3, RANGE, 400, 0);
        time.advance(Duration.ofMillis(2));
        assertEquals(List.of(TestAgent.delayed(CLOCK, 5, 0, RANGE, 300, 0)), linux.events(),
                "the other response was not wanted");
        assertEquals(400, range.rate());
    }

    @Test
    void changes_and_requests_are_notified() {
        modem.ok(CLOCK, 9, RANGE, 1);
        modem.ok(CLOCK, 0xA, RANGE, 1);
        linux.ok(CLOCK, 0xA, RANGE, 1);
        modem.ok(CLOCK, 9, MUX, 1);
        linux.ok(CLOCK, 5, 0, RANGE, 300, 0);
        assertEquals(List.of(TestAgent.notification(CLOCK, 1, 1, RANGE, 300, 0),
                TestAgent.notification(CLOCK, 0, 1, RANGE, 300, 0),
                TestAgent.notification(CLOCK, 0, 1, MUX, 300, 0)), modem.events());
        assertEquals(List.of(), linux.events());
    }

    // ── Configuration ──────────────────────────────────────────────────────

    @Test
    void clocks_are_switched() {
        assertEquals(0, linux.ok(CLOCK, 0xB, SINGLE, 0).word(1));
        linux.ok(CLOCK, 7, SINGLE, 1, 0);
        assertTrue(single.isOn());
        assertEquals(1, linux.ok(CLOCK, 3, SINGLE).word(0) & 1);
        linux.ok(CLOCK, 7, SINGLE, 0, 0);
        assertFalse(single.isOn());
        for (long attributes : new long[] {2, 3, 4, 0x100, 0x0100_0000L}) {
            linux.refused(ScmiStatus.INVALID_PARAMETERS, CLOCK, 7, SINGLE, attributes, 0);
        }
    }

    @Test
    void clocks_have_further_configuration() {
        assertEquals(50, linux.ok(CLOCK, 0xB, RANGE, 1).word(2));
        linux.ok(CLOCK, 7, RANGE, 1 << 16 | 3, 25);
        assertEquals(25, range.configuration(1));
        assertTrue(range.isOn());
        linux.refused(ScmiStatus.NOT_SUPPORTED, CLOCK, 7, RANGE, 2 << 16 | 3, 25);
        linux.refused(ScmiStatus.NOT_SUPPORTED, CLOCK, 0xB, RANGE, 2);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, CLOCK, 0xB, RANGE, 0x100);
    }

    // ── Parents and permissions ────────────────────────────────────────────

    @Test
    void a_mux_runs_like_its_parent() {
        Message parents = linux.ok(CLOCK, 0xC, MUX, 0);
        assertEquals(2, parents.word(0));
        assertEquals(RANGE, parents.word(1));
        assertEquals(FIXED, parents.word(2));
        assertEquals(2 << 24, linux.sendWithRoom(8, CLOCK, 0xC, MUX, 0).word(0) + (1 << 24) - 1);
        assertEquals(RANGE, linux.ok(CLOCK, 0xE, MUX).word(0));
        linux.ok(CLOCK, 0xD, MUX, FIXED);
        assertEquals(1, mux.parent());
        assertEquals(24_000_000, linux.ok(CLOCK, 6, MUX).doubleWord(0));
        linux.refused(ScmiStatus.INVALID_PARAMETERS, CLOCK, 0xD, MUX, SINGLE);
        linux.refused(ScmiStatus.NOT_SUPPORTED, CLOCK, 5, 0, MUX, 100, 0);
        for (int message : new int[] {0xC, 0xD}) {
            linux.refused(ScmiStatus.NOT_SUPPORTED, CLOCK, message, RANGE, 0);
        }
        linux.refused(ScmiStatus.NOT_SUPPORTED, CLOCK, 0xE, RANGE);
        linux.refused(ScmiStatus.OUT_OF_RANGE, CLOCK, 0xC, MUX, 2);
    }

    @Test
    void permissions_are_each_agents_own() {
        assertEquals(0x8000_0000L, linux.ok(CLOCK, 0xF, RESTRICTED).word(0));
        assertEquals(0xA000_0000L, modem.ok(CLOCK, 0xF, RESTRICTED).word(0));
        assertEquals(0xC000_0000L, linux.ok(CLOCK, 0xF, MUX).word(0));
        assertEquals(0x8000_0000L, linux.ok(CLOCK, 0xF, FIXED).word(0), "its rate is nobody's to set");
        linux.refused(ScmiStatus.DENIED, CLOCK, 5, 0, RESTRICTED, 2, 0);
        modem.ok(CLOCK, 5, 0, RESTRICTED, 2, 0);
        linux.ok(CLOCK, 7, RESTRICTED, 0, 0);
    }

    @Test
    void a_clock_whose_rate_nobody_knows_is_a_hardware_error() {
        AtomicLong asked = new AtomicLong();
        Clock broken = Clock.fixed("broken", () -> 10 / (1 - asked.getAndIncrement()));
        TestAgent agent = TestAgent.of(new SimulatedPlatform().clock(time).add(broken).build());
        agent.refused(ScmiStatus.HARDWARE_ERROR, CLOCK, 6, 0);
        assertEquals(-10, agent.ok(CLOCK, 6, 0).doubleWord(0), "the next time it may be there");
    }

    @Test
    void bad_clocks_are_refused_at_construction() {
        assertThrows(IllegalArgumentException.class, () -> Clock.range("c", 1, 10, 4));
        assertThrows(IllegalArgumentException.class, () -> Clock.rates("c"));
        assertThrows(IllegalArgumentException.class, () -> Clock.mux("c"));
        assertThrows(IllegalArgumentException.class, () -> Clock.rates("c", 1).initially(2));
        assertThrows(IllegalArgumentException.class, () -> Clock.rates("c", 1).configuration(256, 0));
        Clock stranger = Clock.rates("c", 1);
        assertEquals("a clock's parents are to be of the same platform: clock=m",
                assertThrows(IllegalArgumentException.class,
                        () -> new SimulatedPlatform().add(Clock.mux("m", stranger)).build()).getMessage());
    }
}
