// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The base protocol, and what every protocol has. [DEN0056: Base protocol] */
class BaseProtocolTest {

    private static final int BASE = 0x10;
    private static final int FIRST = 0x80;

    /** Many resources, each with a value that an agent may read if it is permitted. */
    private record Values(int id) implements ScmiProtocol {
        @Override
        public int version() {
            return 0x20003;
        }

        @Override
        public void attributes(ScmiCall call) {
            call.results().le32(8);
        }

        @Override
        public List<ScmiCommand> commands() {
            return List.of(ScmiCommand.of(3, "VALUE_GET", 4, call -> {
                int index = call.readIndex(8);
                if (index < 0) {
                    return ScmiStatus.NOT_FOUND;
                }
                call.results().le32(10L * index);
                return call.isDenied(index) ? ScmiStatus.DENIED : ScmiStatus.SUCCESS;
            }).withAttributes(5));
        }
    }

    private static ScmiPlatformBuilder builder() {
        return ScmiPlatform.builder().clock(new ManualPlatformClock())
                .vendor("vendor", "sub-vendor", 0x1234)
                .trustedAgent("linux").agent("modem");
    }

    // ── Discovery ──────────────────────────────────────────────────────────

    @Test
    void tells_who_made_it() {
        TestAgent agent = TestAgent.of(builder().build());
        assertEquals(0x20001, agent.ok(BASE, 0).word(0));
        assertEquals("vendor", agent.ok(BASE, 3).name(0, 16));
        assertEquals("sub-vendor", agent.ok(BASE, 4).name(0, 16));
        assertEquals(0x1234, agent.ok(BASE, 5).word(0));
    }

    @Test
    void lists_protocols_in_parts_of_whole_words() {
        ScmiPlatformBuilder many = builder();
        for (int id = FIRST; id < FIRST + 107; id++) {
            many.protocol(new Values(id));
        }
        TestAgent agent = TestAgent.of(many.build());
        assertEquals(107, agent.ok(BASE, 1).word(0) & 0xFF);
        assertEquals(2, agent.ok(BASE, 1).word(0) >> 8, "agents");
        for (int room : new int[] {8, 12, 20, 100, 128}) {
            List<Integer> listed = new ArrayList<>();
            while (listed.size() < 107) {
                Message part = agent.sendWithRoom(room, BASE, 6, listed.size());
                assertEquals(0, part.status());
                int count = (int) part.word(0);
                assertTrue(count > 0);
                assertEquals(4 + (count + 3 & ~3), part.bytes().length);
                for (int i = 0; i < count; i++) {
                    listed.add(part.bytes()[4 + i] & 0xFF);
                }
            }
            for (int i = 0; i < 107; i++) {
                assertEquals(FIRST + i, listed.get(i));
            }
        }
        assertEquals(0, agent.ok(BASE, 6, 107).word(0));
        agent.refused(ScmiStatus.INVALID_PARAMETERS, BASE, 6, 108);
    }

    @Test
    void names_agents() {
        TestAgent agent = TestAgent.of(builder().build(), 2);
        assertEquals("platform", agent.ok(BASE, 7, 0).name(4, 16));
        assertEquals("linux", agent.ok(BASE, 7, 1).name(4, 16));
        Message self = agent.ok(BASE, 7, 0xFFFF_FFFFL);
        assertEquals(2, self.word(0));
        assertEquals("modem", self.name(4, 16));
        agent.refused(ScmiStatus.NOT_FOUND, BASE, 7, 3);
    }

    // ── Every protocol ─────────────────────────────────────────────────────

    @Test
    void tells_versions_attributes_and_messages() {
        TestAgent agent = TestAgent.of(builder().protocol(new Values(FIRST)).build());
        assertEquals(0x20003, agent.ok(FIRST, 0).word(0));
        assertEquals(8, agent.ok(FIRST, 1).word(0));
        assertEquals(5, agent.ok(FIRST, 2, 3).word(0));
        for (int message : new int[] {0, 1, 2, 0x10}) {
            assertEquals(0, agent.ok(FIRST, 2, message).word(0));
        }
        agent.refused(ScmiStatus.NOT_FOUND, FIRST, 2, 4);
        agent.refused(ScmiStatus.NOT_FOUND, FIRST, 2, 0x103);
        agent.refused(ScmiStatus.NOT_SUPPORTED, FIRST, 4);
        agent.refused(ScmiStatus.NOT_SUPPORTED, FIRST + 1, 0);
    }

    @Test
    void negotiates_the_version_that_it_has() {
        TestAgent agent = TestAgent.of(builder().protocol(new Values(FIRST)).build());
        agent.ok(FIRST, 0x10, 0x20003);
        agent.refused(ScmiStatus.NOT_SUPPORTED, FIRST, 0x10, 0x20002);
        agent.refused(ScmiStatus.NOT_SUPPORTED, FIRST, 0x10, 0x30000);
    }

    @Test
    void refuses_parameters_of_a_wrong_length() {
        TestAgent agent = TestAgent.of(builder().protocol(new Values(FIRST)).build());
        agent.refused(ScmiStatus.PROTOCOL_ERROR, FIRST, 0, 1);
        agent.refused(ScmiStatus.PROTOCOL_ERROR, FIRST, 2);
        agent.refused(ScmiStatus.PROTOCOL_ERROR, FIRST, 3);
        agent.refused(ScmiStatus.PROTOCOL_ERROR, FIRST, 3, 1, 2);
        agent.refused(ScmiStatus.PROTOCOL_ERROR, FIRST, 0x10);
    }

    // ── Errors ─────────────────────────────────────────────────────────────

    @Test
    void notifies_of_errors() {
        ScmiPlatform platform = builder().build();
        TestAgent agent = TestAgent.of(platform);
        agent.refused(ScmiStatus.INVALID_PARAMETERS, BASE, 8, 2);
        platform.reportErrors(2, false, List.of());
        assertEquals(List.of(), agent.events());
        agent.ok(BASE, 8, 1);
        platform.reportErrors(2, true, List.of(new CommandError(0x1234, ScmiStatus.BUSY)));
        assertEquals(List.of(TestAgent.notification(BASE, 0, 2, 0x8000_0001L, 0x1234, 0xFFFF_FFFAL)),
                agent.events());
        platform.reportErrors(2, false,
                Collections.nCopies(40, new CommandError(1, ScmiStatus.BUSY)));
        assertEquals(3 + 2 * 15, agent.events().getFirst().size(), "as many as fit");
    }

    // ── Permissions ────────────────────────────────────────────────────────

    private static ScmiPlatform devices() {
        return builder().protocol(new Values(FIRST)).protocol(new Values(FIRST + 1))
                .device(7, new ScmiResource(FIRST, 0), new ScmiResource(FIRST, 1), new ScmiResource(FIRST + 1, 1))
                .device(8, new ScmiResource(FIRST, 1))
                .build();
    }

    @Test
    void a_trusted_agent_denies_and_permits_devices() {
        ScmiPlatform platform = devices();
        TestAgent linux = TestAgent.of(platform, 1);
        TestAgent modem = TestAgent.of(platform, 2);
        linux.ok(BASE, 9, 2, 7, 0);
        modem.refused(ScmiStatus.DENIED, FIRST, 3, 0);
        modem.refused(ScmiStatus.DENIED, FIRST + 1, 3, 1);
        assertEquals(10, modem.ok(FIRST, 3, 1).word(0), "of another device, too");
        assertEquals(20, modem.ok(FIRST, 3, 2).word(0), "of no device");
        linux.ok(FIRST, 3, 0);
        linux.ok(BASE, 9, 2, 7, 1);
        modem.ok(FIRST, 3, 0);
    }

    @Test
    void a_trusted_agent_denies_and_permits_a_device_in_one_protocol() {
        ScmiPlatform platform = devices();
        TestAgent linux = TestAgent.of(platform, 1);
        TestAgent modem = TestAgent.of(platform, 2);
        linux.ok(BASE, 0xA, 2, 7, FIRST, 0);
        modem.refused(ScmiStatus.DENIED, FIRST, 3, 0);
        modem.ok(FIRST + 1, 3, 1);
        linux.ok(BASE, 0xA, 2, 7, FIRST, 1);
        modem.ok(FIRST, 3, 0);
        linux.refused(ScmiStatus.NOT_FOUND, BASE, 0xA, 2, 7, 0x99, 0);
    }

    @Test
    void permissions_are_for_agents_and_devices_that_exist_and_set_by_those_who_may() {
        ScmiPlatform platform = devices();
        TestAgent linux = TestAgent.of(platform, 1);
        TestAgent modem = TestAgent.of(platform, 2);
        modem.refused(ScmiStatus.DENIED, BASE, 9, 1, 7, 0);
        modem.refused(ScmiStatus.DENIED, BASE, 0xB, 1, 0);
        modem.refused(ScmiStatus.DENIED, BASE, 0xB, 2, 1);
        linux.refused(ScmiStatus.NOT_FOUND, BASE, 9, 3, 7, 0);
        linux.refused(ScmiStatus.NOT_FOUND, BASE, 9, 0, 7, 0);
        linux.refused(ScmiStatus.NOT_FOUND, BASE, 9, 2, 9, 0);
        linux.refused(ScmiStatus.NOT_FOUND, BASE, 0xB, 3, 0);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, BASE, 9, 2, 7, 2);
        linux.refused(ScmiStatus.INVALID_PARAMETERS, BASE, 0xB, 2, 2);
    }

    @Test
    void resetting_an_agents_configuration_can_permit_everything_again() {
        ScmiPlatform platform = builder().protocol(new Values(FIRST))
                .device(7, new ScmiResource(FIRST, 0)).deny(2, 7).build();
        TestAgent linux = TestAgent.of(platform, 1);
        TestAgent modem = TestAgent.of(platform, 2);
        modem.ok(BASE, 8, 1);
        modem.refused(ScmiStatus.DENIED, FIRST, 3, 0);
        modem.ok(BASE, 0xB, 2, 0);
        modem.refused(ScmiStatus.DENIED, FIRST, 3, 0);
        platform.reportErrors(1, false, List.of());
        assertEquals(List.of(), modem.events(), "it asked for no errors any more");
        linux.ok(BASE, 0xB, 2, 1);
        modem.ok(FIRST, 3, 0);
    }

    // ── A channel ──────────────────────────────────────────────────────────

    @Test
    void an_agents_newer_channel_takes_over() {
        ScmiPlatform platform = builder().build();
        TestAgent old = TestAgent.of(platform);
        TestAgent fresh = TestAgent.of(platform);
        fresh.ok(BASE, 8, 1);
        old.channel().end();
        platform.reportErrors(1, false, List.of());
        assertFalse(old.channel().hasEvent());
        assertEquals(1, fresh.events().size());
    }
}
