// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.virtio4j.scmi.protocol.ManualPlatformClock;
import io.virtio4j.scmi.protocol.Message;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import io.virtio4j.scmi.protocol.ScmiStatus;
import io.virtio4j.scmi.protocol.TestAgent;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** [DEN0056: Pin control protocol]. */
class PinProtocolTest {

    private static final int PINS = 0x19;
    private static final int PIN = 0;
    private static final int GROUP = 1;
    private static final int FUNCTION = 2;
    private static final int DRIVE_STRENGTH = 10;
    private static final int PULL_UP = 4;

    private final String[] names = IntStream.range(0, 100).mapToObj(i -> "pin" + i).toArray(String[]::new);
    private final PinController controller = PinController.of(names)
            .group("pair", "pin4", "pin5")
            .group("all-of-the-pins-there-are", names)
            .function("uart", "pair")
            .function("gpio", "pair", "all-of-the-pins-there-are");
    private final ScmiPlatform platform = new SimulatedPlatform().clock(new ManualPlatformClock())
            .trustedAgent("linux").agent("modem").add(controller).build();
    private final TestAgent linux = TestAgent.of(platform, 1);
    private final TestAgent modem = TestAgent.of(platform, 2);

    @Test
    void tells_of_pins_groups_and_functions() {
        assertEquals(0x10000, linux.ok(PINS, 0).word(0));
        Message attributes = linux.ok(PINS, 1);
        assertEquals(2 << 16 | 100, attributes.word(0));
        assertEquals(2, attributes.word(1));
        assertEquals("pin7", linux.ok(PINS, 3, 7, PIN).name(4, 16));
        assertEquals(2, linux.ok(PINS, 3, 0, GROUP).word(0));
        assertEquals(0x8000_0064L, linux.ok(PINS, 3, 1, GROUP).word(0));
        assertEquals("all-of-the-pins-there-are", linux.ok(PINS, 9, 1, GROUP).name(4, 64));
        assertEquals("gpio", linux.ok(PINS, 3, 1, FUNCTION).name(4, 16));
        linux.refused(ScmiStatus.INVALID_PARAMETERS, PINS, 3, 0, 3);
        linux.refused(ScmiStatus.NOT_FOUND, PINS, 3, 2, FUNCTION);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, PINS, 9, 0, 3);
    }

    @Test
    void members_come_in_parts() {
        int seen = 0;
        while (seen < 100) {
            Message part = linux.ok(PINS, 4, 1, GROUP, seen);
            int count = (int) part.word(0) & 0xFFF;
            assertEquals(100 - seen - count, part.word(0) >> 16);
            for (int i = 0; i < count; i++) {
                assertEquals(seen + i, part.half(4 + 2 * i));
            }
            seen += count;
        }
        assertEquals(1, linux.ok(PINS, 4, 1, FUNCTION, 1).half(4));
        linux.refused(ScmiStatus.INVALID_PARAMETERS, PINS, 4, 1, PIN, 0);
        linux.refused(ScmiStatus.OUT_OF_RANGE, PINS, 4, 0, GROUP, 2);
        linux.refused(ScmiStatus.NOT_FOUND, PINS, 4, 2, GROUP, 0);
    }

    @Test
    void a_group_gets_a_function_that_it_can_have() {
        linux.ok(PINS, 6, 0, 0, GROUP | 1 << 10);
        assertEquals("uart", controller.function("pin5"));
        assertEquals("", controller.function("pin6"));
        linux.refused(ScmiStatus.NOT_SUPPORTED, PINS, 6, 1, 0, GROUP | 1 << 10);
        linux.refused(ScmiStatus.NOT_FOUND, PINS, 6, 0, 2, GROUP | 1 << 10);
        linux.ok(PINS, 6, 6, 1, PIN | 1 << 10);
        assertEquals("gpio", controller.function("pin6"));
    }

    @Test
    void settings_are_set_and_read() {
        linux.ok(PINS, 6, 0, 0xFFFF_FFFFL, GROUP | 2 << 2, DRIVE_STRENGTH, 8, PULL_UP, 1);
        assertEquals(Map.of(DRIVE_STRENGTH, 8L, PULL_UP, 1L), controller.settings("pin4"));
        Message one = linux.ok(PINS, 5, 4, DRIVE_STRENGTH);
        assertEquals(0xFFFF_FFFFL, one.word(0), "no function");
        assertEquals(8, one.word(3));
        Message all = linux.ok(PINS, 5, 0, 1 << 18 | GROUP << 16);
        assertEquals(2, all.word(1));
        assertEquals(PULL_UP, all.word(2));
        assertEquals(8, all.word(5));
        assertEquals(1 << 24 | 1, linux.sendWithRoom(16, PINS, 5, 0, 1 << 18 | GROUP << 16).word(1));
        assertEquals(DRIVE_STRENGTH, linux.ok(PINS, 5, 0, 1 << 18 | GROUP << 16 | 1 << 8).word(2));
        linux.refused(ScmiStatus.NOT_SUPPORTED, PINS, 5, 4, 77);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, PINS, 5, 4, 2 << 18);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, PINS, 5, 0, FUNCTION << 16);
    }

    @Test
    void settings_that_do_not_fit_their_count_are_protocol_errors() {
        linux.refused(ScmiStatus.PROTOCOL_ERROR, PINS, 6, 0, 0, GROUP | 2 << 2, DRIVE_STRENGTH, 8);
        linux.refused(ScmiStatus.PROTOCOL_ERROR, PINS, 6, 0, 0, GROUP, DRIVE_STRENGTH, 8);
        linux.refused(ScmiStatus.PROTOCOL_ERROR, PINS, 6, 0, 0, GROUP | 255 << 2, DRIVE_STRENGTH, 8);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, PINS, 6, 0, 0, GROUP | 1 << 2, 256, 8);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, PINS, 6, 0, 0, 1 << 11);
        assertEquals(Map.of(), controller.settings("pin4"));
    }

    @Test
    void pins_belong_to_who_requested_them() {
        modem.ok(PINS, 7, 5, PIN);
        assertEquals(2, controller.owner("pin5"));
        linux.refused(ScmiStatus.IN_USE, PINS, 6, 0, 0, GROUP | 1 << 10);
        linux.refused(ScmiStatus.IN_USE, PINS, 7, 0, GROUP);
        linux.refused(ScmiStatus.IN_USE, PINS, 8, 5, PIN);
        modem.ok(PINS, 8, 5, PIN);
        linux.ok(PINS, 7, 0, GROUP);
        assertEquals(1, controller.owner("pin4"));
        linux.ok(0x10, 0xB, 1, 0);
        assertEquals(0, controller.owner("pin4"));
        linux.refused(ScmiStatus.INVALID_PARAMETERS, PINS, 7, 0, FUNCTION);
    }

    @Test
    void a_trusted_agent_denies_and_permits_pins() {
        linux.ok(PINS, 0xA, 2, 0, GROUP);
        modem.refused(ScmiStatus.DENIED, PINS, 7, 4, PIN);
        linux.ok(PINS, 7, 4, PIN);
        linux.ok(PINS, 8, 4, PIN);
        linux.ok(PINS, 0xA, 2, 0, GROUP | 1 << 2);
        modem.ok(PINS, 7, 4, PIN);
        modem.refused(ScmiStatus.DENIED, PINS, 0xA, 1, 0, GROUP);
        linux.refused(ScmiStatus.NOT_FOUND, PINS, 0xA, 3, 0, GROUP);
        linux.refused(ScmiStatus.NOT_FOUND, PINS, 0xA, 2, 9, GROUP);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, PINS, 0xA, 2, 0, FUNCTION);
    }

    @Test
    void bad_controllers_are_refused_at_construction() {
        assertThrows(IllegalArgumentException.class, () -> PinController.of());
        assertThrows(IllegalArgumentException.class, () -> PinController.of("p").group("g", "q"));
        assertThrows(IllegalArgumentException.class, () -> PinController.of("p").group("g"));
        assertThrows(IllegalStateException.class, () -> controller.group("late", "pin1"));
        assertThrows(IllegalArgumentException.class, () -> controller.owner("none"));
    }
}
