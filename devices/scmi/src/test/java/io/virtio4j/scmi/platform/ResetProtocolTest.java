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
import java.util.List;
import org.junit.jupiter.api.Test;

/** [DEN0056: Reset domain management protocol]. */
class ResetProtocolTest {

    private static final int RESET = 0x16;

    private final ResetDomain usb = ResetDomain.of("usb").latency(Duration.ofMillis(2));
    private final ResetDomain held = ResetDomain.of("a-domain-with-a-long-name").asserted();
    private final ManualPlatformClock time = new ManualPlatformClock();
    private final ScmiPlatform platform =
            new SimulatedPlatform().clock(time).agent("linux").add(usb).add(held).build();
    private final TestAgent linux = TestAgent.of(platform);

    @Test
    void tells_of_domains() {
        assertEquals(0x30001, linux.ok(RESET, 0).word(0));
        assertEquals(2, linux.ok(RESET, 1).word(0));
        Message attributes = linux.ok(RESET, 3, 0);
        assertEquals(0xC000_0000L, attributes.word(0));
        assertEquals(2_000, attributes.word(1));
        assertEquals("usb", attributes.name(8, 16));
        assertEquals(1, linux.ok(RESET, 3, 1).word(0) >> 29 & 1);
        assertEquals("a-domain-with-a-long-name", linux.ok(RESET, 6, 1).name(4, 64));
    }

    @Test
    void a_domain_is_held_and_released() {
        linux.ok(RESET, 4, 0, 2, 0);
        assertTrue(usb.isAsserted());
        assertEquals(1, usb.resets());
        linux.ok(RESET, 4, 0, 0, 0);
        assertFalse(usb.isAsserted());
        assertTrue(held.isAsserted());
        linux.ok(RESET, 4, 1, 0, 0);
        assertFalse(held.isAsserted());
    }

    @Test
    void a_domain_is_reset_at_once_or_later() {
        linux.ok(RESET, 4, 0, 1, 0);
        assertEquals(1, usb.resets());
        assertEquals(List.of(), linux.events());
        linux.ok(RESET, 4, 0, 5, 0);
        time.advance(Duration.ofMillis(2));
        assertEquals(List.of(TestAgent.delayed(RESET, 4, 0, 0)), linux.events());
    }

    @Test
    void resets_are_notified() {
        linux.ok(RESET, 5, 0, 1);
        linux.ok(RESET, 4, 0, 1, 0);
        linux.ok(RESET, 4, 0, 2, 0);
        linux.ok(RESET, 4, 0, 0, 0);
        List<Long> reset = TestAgent.notification(RESET, 0, 1, 0, 0);
        assertEquals(List.of(reset, reset), linux.events());
    }

    @Test
    void contradictions_are_refused() {
        for (long flags : new long[] {3, 4, 6, 8}) {
            linux.refused(ScmiStatus.INVALID_PARAMETERS, RESET, 4, 0, flags, 0);
        }
        linux.refused(ScmiStatus.INVALID_PARAMETERS, RESET, 4, 0, 1, 1);
        assertThrows(IllegalArgumentException.class, () -> ResetDomain.of("r").latency(Duration.ofDays(1)));
    }
}
