// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.core.device.Feature;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.examples.demo.NetDriver.Packet;
import io.virtio4j.examples.demo.TcpSegment.Content;
import io.virtio4j.net.MacAddress;
import io.virtio4j.net.NetDevice;
import io.virtio4j.net.NetFeature;
import io.virtio4j.net.backend.NetBackend;
import io.virtio4j.net.backend.PacketSwitch;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.TestDriver;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;

/**
 * Two machines at one switch exchange TCP streams over IPv4 and IPv6. One leaves checksums and segmentation
 * to its device, the other does all by itself: each gets the packets as it wants them, whatever the other
 * one sent, and every payload and checksum is looked at.
 */
final class NetDemo implements DemoDevice {

    private static final int PAIRS = 2;

    private final UnaryOperator<NetBackend> around;

    NetDemo() {
        this(backend -> backend);
    }

    /** With something between the first device and the switch. */
    NetDemo(UnaryOperator<NetBackend> around) {
        this.around = around;
    }

    @Override
    public String name() {
        return "net";
    }

    @Override
    public Work prepare(DemoOptions options) {
        return new Network(around, options);
    }

    /** A switch and two network cards. */
    private static final class Network implements Work {

        /** What the second driver does without; the device knows what goes with them. */
        private static final Feature[] OFFLOADS = {
            NetFeature.CSUM, NetFeature.GUEST_CSUM, NetFeature.GUEST_TSO4, NetFeature.GUEST_TSO6,
            NetFeature.GUEST_ECN, NetFeature.GUEST_UFO, NetFeature.GUEST_USO4, NetFeature.GUEST_USO6,
            NetFeature.GUEST_UDP_TUNNEL_GSO, NetFeature.GUEST_UDP_TUNNEL_GSO_CSUM, NetFeature.HOST_TSO4,
            NetFeature.HOST_TSO6, NetFeature.HOST_ECN, NetFeature.HOST_UFO, NetFeature.HOST_USO,
            NetFeature.HOST_UDP_TUNNEL_GSO, NetFeature.HOST_UDP_TUNNEL_GSO_CSUM, NetFeature.RSC_EXT};

        private final PacketSwitch network = new PacketSwitch();
        private final NetDevice first;
        private final NetDevice second;
        private final long bytes;
        private final Random random;

        Network(UnaryOperator<NetBackend> around, DemoOptions options) {
            first = card(around.apply(network.port("first")), 1);
            second = card(network.port("second"), 2);
            bytes = options.size() / 8;
            random = new Random(options.seed());
        }

        private static NetDevice card(NetBackend backend, int number) {
            return NetDevice.of(backend).queuePairs(PAIRS)
                    .mac(MacAddress.of("52:54:00:00:00:0" + number)).build();
        }

        @Override
        public VirtioDevice device() {
            return first;
        }

        @Override
        public List<VirtioDevice> peers() {
            return List.of(second);
        }

        @Override
        public DriverOptions options(int machine, DriverOptions usual) {
            return machine == 0 ? usual : usual.without(OFFLOADS);
        }

        @Override
        public void operate(TestDriver driver, List<TestDriver> peers, RunLog log) {
            NetDriver offloading = new NetDriver(driver, log, PAIRS);
            NetDriver plain = new NetDriver(peers.getFirst(), log, PAIRS);
            offloading.usePairs();
            plain.usePairs();
            for (int version : new int[] {4, 6}) {
                Stream there = new Stream(offloading, plain, version);
                Stream back = new Stream(plain, offloading, version);
                log.step("IPv" + version + ", offloading", bytes);
                there.run(log);
                log.step("IPv" + version + ", without", bytes);
                back.run(log);
            }
            offloading.finish();
            plain.finish();
        }

        /** A stream of bytes from one driver to the other, which acknowledges each window. */
        private final class Stream {

            private static final int LARGE = 60_000;
            private static final int MSS = 1400;
            private static final int WINDOW = 120_000;

            private final NetDriver from;
            private final NetDriver to;
            private final int version;
            private final int port = 1024 + random.nextInt(60_000);
            private int sequence = random.nextInt();
            private int expected = sequence;

            Stream(NetDriver from, NetDriver to, int version) {
                this.from = from;
                this.to = to;
                this.version = version;
            }

            void run(RunLog log) {
                for (long sent = 0; sent < bytes && log.errors() == 0; sent += WINDOW) {
                    byte[] window = new byte[(int) Math.min(WINDOW, bytes - sent)];
                    random.nextBytes(window);
                    send(window);
                    receive(window, log);
                    acknowledge(log);
                }
            }

            private void send(byte[] window) {
                boolean offloads = from.has(version == 4 ? NetFeature.HOST_TSO4 : NetFeature.HOST_TSO6);
                int most = offloads ? LARGE : MSS;
                for (int at = 0; at < window.length; at += most) {
                    byte[] payload = Arrays.copyOfRange(window, at, Math.min(window.length, at + most));
                    byte[] segment = TcpSegment.make(to.mac(), from.mac(),
                            new Content(version, port, sequence, 0, payload), !offloads);
                    boolean large = offloads && payload.length > MSS;
                    from.send(version == 4 ? 0 : 1, segment, large ? version == 4 ? 1 : 4 : 0,
                            large ? MSS : 0, offloads ? TcpSegment.transportOffset(version) : 0);
                    sequence += payload.length;
                }
            }

            private void receive(byte[] window, RunLog log) {
                int got = 0;
                while (got < window.length) {
                    Packet packet = to.receive();
                    check(packet, log);
                    Content content = TcpSegment.read(packet.bytes(), packet.checksummed());
                    int length = content.payload().length;
                    if (content.sequence() != expected || content.port() != port
                            || !Arrays.equals(content.payload(), 0, length, window, got,
                                    Math.min(window.length, got + length))) {
                        throw new IllegalStateException("segment is not the next one: sequence="
                                + Integer.toUnsignedString(content.sequence()) + " expected="
                                + Integer.toUnsignedString(expected) + " bytes=" + length);
                    }
                    expected += length;
                    got += length;
                }
            }

            /** A driver gets what it can do something with. */
            private void check(Packet packet, RunLog log) {
                if (!to.has(NetFeature.GUEST_CSUM) && !packet.checksummed()) {
                    log.error("a partial checksum reached a driver that does not know it");
                }
                if (!to.has(NetFeature.GUEST_TSO4)
                        && packet.bytes().length > TcpSegment.headerLength(version) + MSS) {
                    log.error("a large packet reached a driver that does not know it: bytes="
                            + packet.bytes().length);
                }
            }

            private void acknowledge(RunLog log) {
                Content answer = new Content(version, port, 0, expected, new byte[0]);
                to.send(0, TcpSegment.make(from.mac(), to.mac(), answer, true), 0, 0, 0);
                Content received = TcpSegment.read(from.receive().bytes(), true);
                if (received.acknowledged() != sequence) {
                    log.error("acknowledged " + Integer.toUnsignedString(received.acknowledged())
                            + " instead of " + Integer.toUnsignedString(sequence));
                }
            }
        }

        @Override
        public void inspect(RunLog log) {
            log.step("look at the switch", 0);
            if (network.stations() != 2) {
                log.error("stations are " + network.stations() + " instead of 2");
            }
        }

        @Override
        public void close() {
            network.close();
        }
    }
}
