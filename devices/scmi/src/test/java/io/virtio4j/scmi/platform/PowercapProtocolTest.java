// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.virtio4j.scmi.protocol.ManualPlatformClock;
import io.virtio4j.scmi.protocol.Message;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import io.virtio4j.scmi.protocol.ScmiStatus;
import io.virtio4j.scmi.protocol.TestAgent;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** [DEN0056: Powercap protocol]. */
class PowercapProtocolTest {

    private static final int POWERCAP = 0x18;
    private static final int SOC = 0;
    private static final int GPU = 1;

    private final AtomicInteger power = new AtomicInteger(2_000);
    private final PowercapDomain soc = PowercapDomain.of("soc", 1_000, 10_000, 500, power::get)
            .intervals(1_000, 9_000, 2_000).sustains(8_000).latency(Duration.ofMillis(1));
    private final PowercapDomain gpu = PowercapDomain.of("a-gpu-with-a-long-name", 10, 20, 1, () -> 5).within(soc);
    private final ManualPlatformClock time = new ManualPlatformClock();
    private final ScmiPlatform platform = new SimulatedPlatform().clock(time).agent("linux").agent("modem")
            .add(soc).add(gpu).build();
    private final TestAgent linux = TestAgent.of(platform, 1);
    private final TestAgent modem = TestAgent.of(platform, 2);

    @Test
    void tells_of_domains() {
        assertEquals(0x20000, linux.ok(POWERCAP, 0).word(0));
        assertEquals(2, linux.ok(POWERCAP, 1).word(0));
        Message attributes = linux.ok(POWERCAP, 3, SOC);
        assertEquals(56, attributes.bytes().length);
        assertEquals(0xEE80_0000L, attributes.word(0));
        assertEquals("soc", attributes.name(4, 16));
        long[] expected = {1_000, 9_000, 2_000, 1_000, 10_000, 500, 8_000, 0, 0xFFFF_FFFFL};
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], attributes.word(5 + i));
        }
        Message part = linux.ok(POWERCAP, 3, GPU);
        assertEquals(0xFC80_0000L, part.word(0));
        assertEquals(SOC, part.word(13), "its parent");
        assertEquals("a-gpu-with-a-long-name", linux.ok(POWERCAP, 8, GPU).name(4, 64));
    }

    @Test
    void a_cap_is_set_and_taken_away() {
        assertEquals(10_000, linux.ok(POWERCAP, 4, SOC).word(0));
        linux.ok(POWERCAP, 5, SOC, 0, 3_000);
        assertEquals(3_000, soc.cap());
        linux.ok(POWERCAP, 5, SOC, 0, 0);
        assertEquals(0, linux.ok(POWERCAP, 4, SOC).word(0));
        linux.refused(ScmiStatus.OUT_OF_RANGE, POWERCAP, 5, SOC, 0, 500);
        linux.refused(ScmiStatus.OUT_OF_RANGE, POWERCAP, 5, SOC, 0, 10_500);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, POWERCAP, 5, SOC, 0, 3_001);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, POWERCAP, 5, SOC, 4, 3_000);
        linux.ok(0x10, 0xB, 1, 0);
        assertEquals(10_000, soc.cap());
    }

    @Test
    void a_cap_can_be_set_later() {
        linux.ok(POWERCAP, 5, SOC, 2, 4_000);
        linux.ok(POWERCAP, 5, SOC, 3, 5_000);
        time.advance(Duration.ofMillis(1));
        assertEquals(List.of(TestAgent.delayed(POWERCAP, 5, 0, SOC, 4_000)), linux.events());
        assertEquals(5_000, soc.cap());
    }

    @Test
    void the_averaging_interval_is_set_where_there_are_several() {
        assertEquals(1_000, linux.ok(POWERCAP, 6, SOC).word(0));
        linux.ok(POWERCAP, 7, SOC, 0, 5_000);
        assertEquals(5_000, soc.interval());
        linux.refused(ScmiStatus.OUT_OF_RANGE, POWERCAP, 7, SOC, 0, 10_000);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, POWERCAP, 7, SOC, 0, 2_000);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, POWERCAP, 7, SOC, 1, 3_000);
        linux.refused(ScmiStatus.NOT_SUPPORTED, POWERCAP, 7, GPU, 0, 1_000);
    }

    @Test
    void power_is_measured() {
        power.set(1_234);
        Message measured = linux.ok(POWERCAP, 9, SOC);
        assertEquals(1_234, measured.word(0));
        assertEquals(1_000, measured.word(1));
    }

    @Test
    void changes_of_caps_are_notified() {
        modem.ok(POWERCAP, 0xA, SOC, 1);
        linux.ok(POWERCAP, 5, SOC, 0, 3_000);
        assertEquals(List.of(TestAgent.notification(POWERCAP, 0, 1, SOC, 3_000, 1_000)), modem.events());
    }

    @Test
    void power_beyond_thresholds_is_notified_once() {
        linux.ok(POWERCAP, 0xB, SOC, 1, 1_000, 3_000);
        for (int now : new int[] {2_500, 3_500, 3_600, 2_000, 500}) {
            power.set(now);
            soc.measure();
        }
        assertEquals(500, linux.events().getLast().get(3));
        assertEquals(List.of(), linux.events());
        linux.refused(ScmiStatus.INVALID_PARAMETERS, POWERCAP, 0xB, SOC, 1, 3, 1);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, POWERCAP, 0xB, SOC, 2, 1, 3);
    }

    @Test
    void there_are_no_fast_channels() {
        linux.refused(ScmiStatus.NOT_SUPPORTED, POWERCAP, 0xC, SOC, 4);
        assertEquals(0, linux.ok(POWERCAP, 2, 4).word(0));
    }

    @Test
    void power_that_cannot_be_measured_is_a_hardware_error() {
        PowercapDomain broken = PowercapDomain.of("broken", 1, 2, 1, () -> 1 / (power.get() - 2_000));
        TestAgent agent = TestAgent.of(new SimulatedPlatform().clock(time).add(broken).build());
        agent.refused(ScmiStatus.HARDWARE_ERROR, POWERCAP, 9, 0);
        power.set(2_001);
        assertEquals(1, agent.ok(POWERCAP, 9, 0).word(0));
    }

    @Test
    void bad_domains_are_refused_at_construction() {
        assertThrows(IllegalArgumentException.class, () -> PowercapDomain.of("p", 0, 10, 1, () -> 0));
        assertThrows(IllegalArgumentException.class, () -> PowercapDomain.of("p", 5, 5, 1, () -> 0));
        PowercapDomain stranger = PowercapDomain.of("p", 1, 2, 1, () -> 0);
        assertThrows(IllegalArgumentException.class, () -> new SimulatedPlatform()
                .add(PowercapDomain.of("q", 1, 2, 1, () -> 0).within(stranger)).build());
    }
}
