// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.net.packet.NetHeader;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PacketSwitchTest {

    private static final long EVERYBODY = 0xFFFF_FFFF_FFFFL;
    private static final long A = 0x0200_0000_000AL;
    private static final long B = 0x0200_0000_000BL;
    private static final long C = 0x0200_0000_000CL;

    private final AtomicLong clock = new AtomicLong(1);
    private PacketSwitch network = new PacketSwitch(
            SwitchOptions.defaults().withQueue(4).withAgeing(Duration.ofSeconds(300), clock::get));

    @AfterEach
    void close() {
        network.close();
    }

    private Station station(PortVlans vlans) {
        return new Station(network.port("test", vlans));
    }

    private static byte[] frame(long destination, long source, int vlan) {
        return Station.frame(destination, source, vlan, 60);
    }

    private static void assertGot(byte[] expected, Station station) {
        List<byte[]> got = station.take();
        assertEquals(1, got.size());
        assertArrayEquals(expected, got.getFirst());
    }

    private static void assertGotNothing(Station station) {
        assertEquals(0, station.take().size());
    }

    // ── Learning ───────────────────────────────────────────────────────────

    @Test
    void a_frame_for_nobody_knows_whom_goes_to_everybody_else_and_the_answer_to_one() {
        Station a = station(PortVlans.all());
        Station b = station(PortVlans.all());
        Station c = station(PortVlans.all());

        a.send(frame(B, A, 0));
        assertGot(frame(B, A, 0), b);
        assertGot(frame(B, A, 0), c);
        assertGotNothing(a);

        b.send(frame(A, B, 0));
        assertGot(frame(A, B, 0), a);
        assertGotNothing(c);
        assertEquals(2, network.stations());
    }

    @Test
    void broadcast_and_multicast_go_to_everybody_else() {
        Station a = station(PortVlans.all());
        Station b = station(PortVlans.all());
        b.send(frame(EVERYBODY, B, 0));
        assertGot(frame(EVERYBODY, B, 0), a);

        a.send(frame(0x0100_5E00_0001L, A, 0));

        assertGot(frame(0x0100_5E00_0001L, A, 0), b);
    }

    @Test
    void a_station_that_moves_is_found_at_its_new_port() {
        Station a = station(PortVlans.all());
        Station b = station(PortVlans.all());
        Station c = station(PortVlans.all());
        b.send(frame(EVERYBODY, B, 0));
        c.send(frame(EVERYBODY, B, 0));
        a.take();
        b.take();
        c.take();

        a.send(frame(B, A, 0));

        assertGot(frame(B, A, 0), c);
        assertGotNothing(b);
    }

    @Test
    void a_silent_station_is_forgotten_after_its_time() {
        Station a = station(PortVlans.all());
        Station b = station(PortVlans.all());
        Station c = station(PortVlans.all());
        b.send(frame(EVERYBODY, B, 0));
        a.take();
        c.take();

        clock.addAndGet(Duration.ofSeconds(300).toNanos());
        a.send(frame(B, A, 0));
        assertGotNothing(c);

        clock.addAndGet(1);
        a.send(frame(B, A, 0));
        assertEquals(1, c.take().size());
        assertEquals(2, b.take().size());
    }

    @Test
    void an_address_of_a_group_is_not_learned() {
        Station a = station(PortVlans.all());
        a.send(frame(B, EVERYBODY, 0));

        assertEquals(0, network.stations());
    }

    @Test
    void who_invents_stations_fills_its_own_share_only() {
        network = new PacketSwitch(SwitchOptions.defaults().withStations(4096, 10));
        Station liar = station(PortVlans.all());
        Station a = station(PortVlans.all());
        Station b = station(PortVlans.all());
        for (int i = 0; i < 10_000; i++) {
            liar.send(frame(A, 0x0200_0100_0000L + i, 0));
        }
        assertEquals(10, network.stations());
        a.send(frame(EVERYBODY, A, 0));
        b.take();

        liar.take();
        b.send(frame(A, B, 0));

        assertGotNothing(liar);
        assertTrue(a.take().size() > 0);
    }

    @Test
    void a_frame_for_a_station_behind_the_same_port_goes_nowhere() {
        Station a = station(PortVlans.all());
        Station b = station(PortVlans.all());
        a.send(frame(EVERYBODY, A, 0));
        a.send(frame(EVERYBODY, C, 0));
        b.take();

        a.send(frame(C, A, 0));

        assertGotNothing(a);
        assertGotNothing(b);
    }

    // ── VLANs ──────────────────────────────────────────────────────────────

    @Test
    void access_ports_of_different_vlans_do_not_hear_each_other() {
        Station a = station(PortVlans.access(10));
        Station b = station(PortVlans.access(10));
        Station c = station(PortVlans.access(20));
        a.send(frame(EVERYBODY, A, 0));

        assertGot(frame(EVERYBODY, A, 0), b);
        assertGotNothing(c);
        c.send(frame(A, C, 0));
        assertGotNothing(a);
    }

    @Test
    void a_trunk_carries_tags_that_access_ports_do_not() {
        Station trunk = station(PortVlans.trunk(10, 20));
        Station a = station(PortVlans.access(10));
        Station b = station(PortVlans.access(20));
        a.send(frame(EVERYBODY, A, 0));
        ByteBuf tagged = Unpooled.wrappedBuffer(trunk.take().getFirst());

        assertEquals(64, tagged.readableBytes());
        assertEquals(0x8100, tagged.getUnsignedShort(12));
        assertEquals(10, tagged.getUnsignedShort(14));
        assertEquals(0x88B5, tagged.getUnsignedShort(16));
        assertGotNothing(b);

        trunk.send(frame(B, C, 20));
        byte[] plain = b.take().getFirst();
        assertEquals(56, plain.length);
        assertArrayEquals(Station.frame(B, C, 0, 56), plain);
        assertGotNothing(a);
    }

    @Test
    void tags_that_do_not_belong_are_dropped_and_counted() {
        SwitchPort access = network.port("access", PortVlans.access(10));
        SwitchPort trunk = network.port("trunk", PortVlans.trunk(10));
        Station a = new Station(access);
        Station b = new Station(trunk);
        Station all = station(PortVlans.all());

        a.send(frame(EVERYBODY, A, 10));
        b.send(frame(EVERYBODY, B, 0));
        b.send(frame(EVERYBODY, B, 11));

        assertEquals(1, access.count(PortCounter.IN_WRONG_VLAN));
        assertEquals(2, trunk.count(PortCounter.IN_WRONG_VLAN));
        assertGotNothing(all);
    }

    @Test
    void the_native_vlan_of_a_trunk_has_no_tag_and_a_tag_of_priority_is_none() {
        Station trunk = station(PortVlans.trunkWithNative(5, 6));
        Station five = station(PortVlans.access(5));
        five.send(frame(EVERYBODY, A, 0));
        assertGot(frame(EVERYBODY, A, 0), trunk);
        byte[] priority = frame(EVERYBODY, B, 1);
        priority[15] = 0; // VLAN 0

        trunk.send(priority);

        assertArrayEquals(Station.frame(EVERYBODY, B, 0, 56), five.take().getFirst());
    }

    @Test
    void one_address_in_two_vlans_is_two_stations() {
        Station trunk = station(PortVlans.trunk(1, 2));
        Station one = station(PortVlans.access(1));
        Station two = station(PortVlans.access(2));
        one.send(frame(EVERYBODY, A, 0));
        two.send(frame(EVERYBODY, A, 0));
        trunk.take();

        trunk.send(frame(A, C, 2));

        assertEquals(1, two.take().size());
        assertGotNothing(one);
    }

    @Test
    void what_is_left_to_do_moves_with_the_tag() {
        Station trunk = station(PortVlans.trunk(10));
        Station access = station(PortVlans.access(10));
        NetHeader header = new NetHeader().partialCsum(34, 16).hdrLen(54)
                .gso(NetHeader.GSO_TCPV4 | NetHeader.GSO_UDP_TUNNEL_IPV4, 1000).tunnel(34, 64).outerNhOffset(14);
        String before = header.toString();

        access.send(0, frame(EVERYBODY, A, 0), header);

        NetHeader moved = new NetHeader().partialCsum(38, 16).hdrLen(58)
                .gso(NetHeader.GSO_TCPV4 | NetHeader.GSO_UDP_TUNNEL_IPV4, 1000).tunnel(38, 68).outerNhOffset(18);
        assertEquals(moved.toString(), trunk.header(0).toString());
        assertEquals(before, header.toString());
        trunk.send(0, frame(EVERYBODY, B, 10), moved);
        assertEquals(before, access.header(0).toString());
    }

    // ── Bounds ─────────────────────────────────────────────────────────────

    @Test
    void a_receiver_without_room_gets_as_many_later_as_fit_in_its_queue() {
        SwitchPort slow = network.port("slow");
        Station a = station(PortVlans.all());
        Station b = new Station(slow);
        Station c = station(PortVlans.all());
        b.send(frame(EVERYBODY, B, 0));
        a.take();
        c.take();
        b.room(0);
        for (int i = 0; i < 10; i++) {
            a.send(Station.frame(B, A, 0, 60 + i));
        }
        assertEquals(6, slow.count(PortCounter.OUT_DROPPED));
        a.send(frame(C, A, 0)); // nobody else is held up
        assertEquals(1, c.take().size());

        b.room(3);
        b.ready();
        assertEquals(3, b.take().size());
        b.room(100);
        b.ready();
        List<byte[]> rest = b.take();

        assertEquals(63, rest.getFirst().length);
        assertEquals(7, slow.count(PortCounter.OUT_DROPPED), "the flooded one too");
    }

    @Test
    void runts_and_what_neighbours_tell_each_other_go_nowhere() {
        SwitchPort port = network.port("a");
        Station a = new Station(port);
        Station b = station(PortVlans.all());
        for (int length = 0; length < 14; length++) {
            a.send(new byte[length]);
        }
        a.send(frame(0x0180_C200_0000L, A, 0));
        a.send(frame(0x0180_C200_000EL, A, 0));

        assertEquals(16, port.count(PortCounter.IN_REFUSED));
        assertEquals(0, network.stations());
        assertGotNothing(b);
    }

    @Test
    void frames_and_bytes_are_counted_on_their_way_in_and_out() {
        SwitchPort in = network.port("in");
        SwitchPort out = network.port("out");
        Station a = new Station(in);
        new Station(out);
        a.send(Station.frame(B, A, 0, 100));

        assertEquals(1, in.count(PortCounter.IN_FRAMES));
        assertEquals(100, in.count(PortCounter.IN_BYTES));
        assertEquals(1, in.count(PortCounter.FLOODED));
        assertEquals(1, out.count(PortCounter.OUT_FRAMES));
        assertEquals(100, out.count(PortCounter.OUT_BYTES));
        assertEquals(0, in.count(PortCounter.OUT_FRAMES));
    }

    @Test
    void a_pulled_plug_stops_both_directions_and_the_driver_is_told() {
        SwitchPort port = network.port("b");
        Station a = station(PortVlans.all());
        Station b = new Station(port);
        b.send(frame(EVERYBODY, B, 0));
        a.take();

        port.linkUp(false);
        assertEquals(Boolean.FALSE, b.link());
        a.send(frame(B, A, 0));
        b.send(frame(A, B, 0));
        assertGotNothing(b);
        assertGotNothing(a);

        port.linkUp(true);
        assertEquals(Boolean.TRUE, b.link());
        a.send(frame(B, A, 0));
        assertEquals(1, b.take().size());
    }

    @Test
    void a_port_that_was_closed_hears_nothing_and_its_place_is_free() {
        network = new PacketSwitch(new SwitchOptions(2, 8, 8, Duration.ofSeconds(1), 1, System::nanoTime));
        Station a = station(PortVlans.all());
        Station b = station(PortVlans.all());
        assertThrows(IllegalStateException.class, () -> network.port("third"));
        b.send(frame(EVERYBODY, B, 0));
        a.take();

        b.close();
        a.send(frame(B, A, 0));
        assertGotNothing(b);

        Station c = station(PortVlans.all());
        a.send(frame(B, A, 0));
        assertEquals(1, c.take().size());
    }

    @Test
    void pairs_of_queues_are_kept() {
        SwitchPort port = network.port("b");
        Station a = station(PortVlans.all());
        Station b = new Station(port);
        port.queuePairs(4);

        a.send(3, frame(B, A, 0), new NetHeader());

        assertEquals(3, b.pair(0));
    }

    @Test
    void a_port_is_for_one_device() {
        SwitchPort port = network.port("a");
        new Station(port);

        assertThrows(IllegalStateException.class, () -> new Station(port));
        assertThrows(IllegalArgumentException.class, () -> PortVlans.access(4095));
        assertThrows(IllegalArgumentException.class, () -> PortVlans.trunk(0));
        assertThrows(IllegalArgumentException.class, () -> SwitchOptions.defaults().withQueue(3));
    }
}
