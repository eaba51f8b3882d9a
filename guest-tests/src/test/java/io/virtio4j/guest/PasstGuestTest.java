// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.guest.PacketWatch.Kind;
import io.virtio4j.net.NetDevice;
import io.virtio4j.net.backend.StreamBackend;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** passt behind our stream backend gives a guest an address, the way to this machine, and the way back. */
@Tag("guest")
@ExtendWith(GuestReport.class)
class PasstGuestTest {

    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final String SOCKET = "passt.sock";
    private static final int BYTES = 4 << 20;

    /** What the DHCP client calls with what it was given. */
    private static final String LEASE = """
        #!/bin/sh
        [ "$1" = bound ] || exit 0
        ip addr add $ip/${mask:-24} dev $interface
        ip route add default via $router dev $interface
        echo $router > /tmp/router
        """;

    @Test
    void passt_gives_a_guest_a_network(GuestReport.Row row) throws Exception {
        int port = freePort();
        try (SharedDirectory shared = SharedDirectory.create();
             Passt passt = Passt.start(shared, SOCKET, "--tcp-ports", "127.0.0.1/" + port + ":5000");
             StreamBackend backend = StreamBackend.connect(UnixDomainSocketAddress.of(shared.path(SOCKET)));
             ServerSocket here = new ServerSocket(0, 1, LOOPBACK)) {
            PacketWatch watch = new PacketWatch(backend);
            watch.mtu(65_535);
            watch.takes(backend.takes());
            Wiring wiring = new Wiring(Wiring.Bus.PCI, Wiring.Ring.PACKED, 1);
            try (ServedCard served = ServedCard.serve(shared, wiring, NetDevice.of(watch));
                 LinuxGuest guest = served.plugInto(LinuxGuest.builder(shared)).name("passt")
                     .programs(GuestPrograms.NET).start()) {
                row.shows(served);
                lease(guest, passt);

                byte[] down = new byte[BYTES];
                new Random(1).nextBytes(down);
                byte[] up = connectOut(guest, here, down);
                assertArrayEquals(down, up, "there and back again");
                assertArrayEquals(down, connectIn(guest, port));

                assertTrue(watch.count(Kind.COMPLETE) > BYTES / 65_536, watch::toString);
                assertEquals(List.of(), watch.faults());
                guest.powerOff();
                assertEquals(List.of(), guest.complaints());
            }
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, LOOPBACK)) {
            return free.getLocalPort();
        }
    }

    private static void lease(LinuxGuest guest, Passt passt) throws IOException {
        CommandResult leased = guest.run("""
            cat > /tmp/lease <<'END'
            %sEND
            chmod +x /tmp/lease
            ip link set lo up
            ip link set eth0 up
            udhcpc -i eth0 -n -q -t 20 -T 1 -s /tmp/lease && cat /tmp/router
            """.formatted(LEASE));
        assertEquals(0, leased.status(), leased.output() + "\n---- passt\n" + passt.log());
    }

    /** The guest fetches a file from this machine and sends it back. */
    private static byte[] connectOut(LinuxGuest guest, ServerSocket here, byte[] down) {
        CompletableFuture<byte[]> received = CompletableFuture.supplyAsync(() -> {
            try {
                try (Socket first = here.accept()) {
                    OutputStream out = first.getOutputStream();
                    first.getInputStream().read(new byte[4096]); // the request
                    out.write("HTTP/1.0 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                    out.write(down);
                }
                try (Socket second = here.accept()) {
                    return second.getInputStream().readAllBytes();
                }
            } catch (IOException failure) {
                throw new IllegalStateException(failure);
            }
        }, Thread.ofPlatform().daemon()::start);
        guest.run("""
            wget -q -O /tmp/index.html http://$(cat /tmp/router):%1$d/ || exit 1
            nc $(cat /tmp/router) %1$d < /tmp/index.html
            """.formatted(here.getLocalPort())).success();
        return received.orTimeout(60, TimeUnit.SECONDS).join();
    }

    /** This machine fetches the file from the guest. */
    private static byte[] connectIn(LinuxGuest guest, int port) throws IOException {
        guest.run("httpd -p 5000 -h /tmp").success();
        try (Socket socket = new Socket(LOOPBACK, port)) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write("GET /index.html HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            byte[] answer = socket.getInputStream().readAllBytes();
            String text = new String(answer, StandardCharsets.ISO_8859_1);
            return text.substring(text.indexOf("\r\n\r\n") + 4).getBytes(StandardCharsets.ISO_8859_1);
        }
    }
}
