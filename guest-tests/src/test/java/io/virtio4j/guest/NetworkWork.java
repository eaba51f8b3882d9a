// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What real programs do over a network between two guests: each is 10.0.0.N, on its first card. */
final class NetworkWork {

    private static final Duration LONG = Duration.ofMinutes(3);
    private static final Pattern BYTES = Pattern.compile("\"sum_received\":\\s*\\{[^}]*\"bytes\":\\s*(\\d+)");

    private final GuestShell one;
    private final GuestShell two;

    private NetworkWork(GuestShell one, GuestShell two) {
        this.one = one;
        this.two = two;
    }

    /** Gives both their addresses and waits until one reaches the other. */
    static NetworkWork between(GuestShell one, GuestShell two) {
        up(one, 1);
        up(two, 2);
        one.run("until ping -c 1 -W 1 10.0.0.2; do :; done").success();
        return new NetworkWork(one, two);
    }

    private static void up(GuestShell guest, int number) {
        guest.run("ip link set lo up && ip addr add 10.0.0." + number + "/24 dev eth0 && ip link set eth0 up")
            .success();
    }

    /** Whether the driver of a guest's card accepted a feature bit. */
    static boolean accepted(GuestShell guest, int feature) {
        return guest.run("cat /sys/class/net/eth0/device/features").success().charAt(feature) == '1';
    }

    /** Packets of every size from the smallest to those that are cut in pieces, each answered once. */
    void ping() {
        for (int size : new int[] {0, 18, 1472, 8000}) {
            String answers = one.run("ping -q -c 5 -i 0.1 -W 10 -s " + size + " 10.0.0.2").success();
            assertTrue(answers.contains("5 packets transmitted, 5 packets received, 0% packet loss"), answers);
        }
    }

    /** A file of random bytes over TCP, compared by its sum. */
    void file(int mebibytes) {
        // Its input stays open: nc on the other side takes the end of it for the end of everything.
        GuestJob receiver = two.start("""
            mkfifo /tmp/open && exec 3<>/tmp/open && nc -l -p 7000 <&3 | sha256sum
            rm /tmp/open
            """);
        String sent = one.run("""
            dd if=/dev/urandom of=/tmp/file bs=1M count=%d 2>/dev/null
            sha256sum < /tmp/file
            until nc 10.0.0.2 7000 < /tmp/file; do sleep 0.2; done >&2
            """.formatted(mebibytes), LONG).success();
        assertEquals(sent.lines().findFirst().orElse(""), receiver.finish(LONG).success());
        one.run("rm /tmp/file").success();
    }

    /**
     * Starts iperf3 from one to two, for so many seconds.
     *
     * @param options such as {@code -R}, which turns the direction round
     */
    GuestJob iperf(int seconds, String options) {
        two.run("iperf3 -s -1 -D --pidfile /run/iperf3.pid && sleep 0.5").success();
        return one.start("iperf3 -c 10.0.0.2 -J -t " + seconds + " " + options);
    }

    /** Waits until iperf3's streams are connected, with the connection that controls them. */
    void awaitIperf(int streams) {
        one.run("until [ $(grep -c ' 0200000A:1451 01 ' /proc/net/tcp) -gt " + streams + " ]; do sleep 0.1; done",
            LONG).success();
    }

    /** Waits for it to end well; the bytes that arrived. */
    static long received(GuestJob iperf) {
        String report = iperf.finish(LONG).success();
        Matcher sum = BYTES.matcher(report);
        assertTrue(sum.find(), report);
        return Long.parseLong(sum.group(1));
    }

    /** Bytes in so many seconds, as a remark for the table. */
    static String rate(String what, long bytes, int seconds) {
        return String.format(Locale.ROOT, "%s %.0f Mbit/s", what, 8e-6 * bytes / seconds);
    }
}
