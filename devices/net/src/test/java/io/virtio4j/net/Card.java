// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.transport.DeviceInstanceBuilder;
import io.virtio4j.net.packet.NetHeader;
import io.virtio4j.net.packet.NetHeaderLayout;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.Submitted;
import io.virtio4j.testkit.TestDriver;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** A network device, the wire behind it, and a driver that speaks its protocol. */
final class Card implements AutoCloseable {

    static final int OK = 0;
    static final int ERR = 1;

    final Wire wire;
    final NetDevice device;
    final TestDriver driver;

    /** Receive buffers that the device has, in order. */
    private final Map<Integer, ArrayDeque<Submitted>> posted = new HashMap<>();

    private Card(Wire wire, NetDevice device, TestDriver driver) {
        this.wire = wire;
        this.device = device;
        this.driver = driver;
    }

    static Card start() {
        return start(DriverOptions.split());
    }

    static Card start(DriverOptions options) {
        return start(new Wire(), builder -> builder, options);
    }

    static Card start(Wire wire, UnaryOperator<NetDeviceBuilder> choices, DriverOptions options) {
        return unstarted(wire, choices, builder -> {}).begin(options);
    }

    static Card unstarted(
            Wire wire, UnaryOperator<NetDeviceBuilder> choices, Consumer<DeviceInstanceBuilder> instance) {
        NetDevice device = choices.apply(NetDevice.of(wire).mac(Packets.GUEST)).build();
        GuestRam ram = GuestRam.empty().add(GuestRam.BASE, 64 << 20);
        return new Card(wire, device, TestDriver.attach(device, ram, instance));
    }

    Card begin(DriverOptions options) {
        posted.clear();
        driver.start(options);
        driver.queues().stream().filter(queue -> queue.index() % 2 == 0)
                .forEach(DriverQueue::mayKeepBuffers);
        driver.runDevice();
        return this;
    }

    /** Options that accept these features, and what every driver accepts. */
    static DriverOptions accepting(NetFeature... features) {
        return DriverOptions.split().exactly(FeatureSet.of(features)
                .with(CoreFeature.VERSION_1).with(CoreFeature.RING_RESET).with(CoreFeature.INDIRECT_DESC));
    }

    // ── Header ─────────────────────────────────────────────────────────────

    int headerSize() {
        FeatureSet has = driver.negotiated();
        return has.has(NetFeature.OUT_NET_HEADER) ? 32
                : has.has(NetFeature.HOST_UDP_TUNNEL_GSO) || has.has(NetFeature.GUEST_UDP_TUNNEL_GSO) ? 24
                : has.has(NetFeature.HASH_REPORT) ? 20 : 12;
    }

    byte[] buffer(NetHeader header, byte[] packet) {
        byte[] bytes = new byte[headerSize() + packet.length];
        NetHeaderLayout.write(header, MemorySegment.ofArray(bytes), 0, headerSize());
        System.arraycopy(packet, 0, bytes, headerSize(), packet.length);
        return bytes;
    }

    // ── Transmit ───────────────────────────────────────────────────────────

    /** Transmits a packet on a pair; the device has used the buffer afterwards, with length 0. */
    void transmit(int pair, NetHeader header, byte[] packet) {
        transmitRaw(pair, buffer(header, packet));
    }

    void transmit(NetHeader header, byte[] packet) {
        transmit(0, header, packet);
    }

    void transmit(byte[] packet) {
        transmit(0, new NetHeader(), packet);
    }

    void transmitRaw(int pair, byte[] buffer) {
        Submitted done = driver.queue(2 * pair + 1).exchange(buffer, 0);
        assertEquals(0, done.usedLength());
    }

    // ── Receive ────────────────────────────────────────────────────────────

    /** Makes receive buffers available. */
    Card post(int pair, int count, int bytes) {
        DriverQueue queue = driver.queue(2 * pair);
        for (int i = 0; i < count; i++) {
            posted.computeIfAbsent(pair, key -> new ArrayDeque<>()).add(queue.submit(new byte[0], bytes));
        }
        driver.runDevice();
        return this;
    }

    Card post(int count, int bytes) {
        return post(0, count, bytes);
    }

    /** A packet that the driver received. */
    record Received(NetHeader header, int buffers, long hash, int report, byte[] packet) {}

    /** What the driver finds in a receive queue, in order, each packet checked for its form. */
    List<Received> received(int pair) {
        driver.runDevice();
        driver.queue(2 * pair).collect();
        List<Received> packets = new ArrayList<>();
        ArrayDeque<Submitted> buffers = posted.getOrDefault(pair, new ArrayDeque<>());
        while (!buffers.isEmpty() && buffers.peek().isUsed()) {
            Submitted first = buffers.poll();
            if (first.usedLength() == 0) {
                continue; // given back empty
            }
            packets.add(parse(first, buffers));
        }
        return packets;
    }

    List<Received> received() {
        return received(0);
    }

    Received receivedOne() {
        List<Received> packets = received();
        assertEquals(1, packets.size(), () -> "received=" + packets);
        return packets.getFirst();
    }

    private Received parse(Submitted first, ArrayDeque<Submitted> following) {
        byte[] start = first.written();
        int size = headerSize();
        assertTrue(start.length >= size, "header is cut off");
        MemorySegment segment = MemorySegment.ofArray(start);
        NetHeader header = new NetHeader();
        NetHeaderLayout.read(segment, 0, size, header);
        int buffers = NetHeaderLayout.NUM_BUFFERS.get(segment, 0);
        long hash = driver.negotiated().has(NetFeature.HASH_REPORT)
                ? NetHeaderLayout.HASH_VALUE.get(segment, 0) : 0;
        int report = driver.negotiated().has(NetFeature.HASH_REPORT)
                ? NetHeaderLayout.HASH_REPORT.get(segment, 0) : 0;
        ByteArrayOutputStream packet = new ByteArrayOutputStream();
        packet.write(start, size, start.length - size);
        Submitted last = first;
        for (int i = 1; i < buffers; i++) {
            assertEquals(last.writableSize(), last.usedLength(), "all but the last buffer are full");
            last = following.remove();
            assertTrue(last.isUsed(), "buffers of a packet are used together");
            packet.writeBytes(last.written());
        }
        last.assertNothingBeyond();
        return new Received(header, buffers, hash, report, packet.toByteArray());
    }

    // ── Control ────────────────────────────────────────────────────────────

    int controlIndex() {
        boolean pairs = driver.negotiated().has(NetFeature.MQ) || driver.negotiated().has(NetFeature.RSS);
        return pairs ? (int) driver.port().readConfig(8, 2) * 2 : 2;
    }

    /** A command's answer. */
    record Reply(int ack, byte[] result, long usedLength) {

        ByteBuffer data() {
            return ByteBuffer.wrap(result).order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    /** Sends a command with room for a result. */
    Reply command(int type, int command, byte[] data, int resultBytes) {
        byte[] readable = new byte[2 + data.length];
        readable[0] = (byte) type;
        readable[1] = (byte) command;
        System.arraycopy(data, 0, readable, 2, data.length);
        Submitted done = driver.queue(controlIndex()).exchange(readable, 1 + resultBytes);
        done.assertNothingBeyond();
        byte[] written = done.writable();
        return new Reply(written[0], Arrays.copyOfRange(written, 1, written.length), done.usedLength());
    }

    /** Sends a command and says what ack is. */
    int control(int type, int command, byte... data) {
        Reply reply = command(type, command, data, 0);
        assertEquals(1, reply.usedLength());
        return reply.ack;
    }

    static byte[] le16(int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int value : values) {
            bytes.putShort((short) value);
        }
        return bytes.array();
    }

    static byte[] le32(long... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (long value : values) {
            bytes.putInt((int) value);
        }
        return bytes.array();
    }

    static byte[] le64(long value) {
        return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    }

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    /** {@code struct virtio_net_rss_config}. */
    static byte[] rss(int hashTypes, int unclassified, int[] table, int maxTxVq, byte[] key) {
        return join(le32(hashTypes), le16(table.length - 1, unclassified), le16(table), le16(maxTxVq),
                new byte[] {(byte) key.length}, key);
    }

    int setPairs(int pairs) {
        return control(4, 0, le16(pairs));
    }

    long counter(NetCounter counter) {
        return device.counters().get(counter);
    }

    long notifications(int queue) {
        return driver.port().interrupts().count(queue);
    }

    @Override
    public void close() {
        driver.close();
    }
}
