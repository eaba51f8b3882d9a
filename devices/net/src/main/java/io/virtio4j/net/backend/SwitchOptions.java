// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * How large a {@link PacketSwitch} is.
 *
 * @param ports at most, 2 to 1024
 * @param stations that are remembered, 8 to 65536; a power of two
 * @param stationsOfOnePort of them, at most
 * @param ageing after which a silent station is forgotten
 * @param queue packets that wait for one queue pair of a port, at most; a power of two
 * @param clock in nanoseconds, from any start
 */
public record SwitchOptions(
        int ports, int stations, int stationsOfOnePort, Duration ageing, int queue, LongSupplier clock) {

    /** Checks the values. */
    public SwitchOptions {
        check(ports >= 2 && ports <= 1024, "a switch has 2 to 1024 ports: ports=" + ports);
        check(stations >= 8 && stations <= 65_536 && Integer.bitCount(stations) == 1,
                "a switch remembers 8 to 65536 stations, a power of two: stations=" + stations);
        check(stationsOfOnePort >= 1, "a port has a station at least: stationsOfOnePort=" + stationsOfOnePort);
        check(!ageing.isNegative() && !ageing.isZero(), "ageing takes time: ageing=" + ageing);
        check(queue >= 1 && queue <= 65_536 && Integer.bitCount(queue) == 1,
                "1 to 65536 packets wait, a power of two: queue=" + queue);
    }

    private static void check(boolean fine, String message) {
        if (!fine) {
            throw new IllegalArgumentException(message);
        }
    }

    /** 64 ports, 4096 stations, 512 of one port, five minutes, 256 packets, the system's clock. */
    public static SwitchOptions defaults() {
        return new SwitchOptions(64, 4096, 512, Duration.ofMinutes(5), 256, System::nanoTime);
    }

    /** The same with another bound of waiting packets. */
    public SwitchOptions withQueue(int packets) {
        return new SwitchOptions(ports, stations, stationsOfOnePort, ageing, packets, clock);
    }

    /** The same with other bounds of stations. */
    public SwitchOptions withStations(int all, int ofOnePort) {
        return new SwitchOptions(ports, all, ofOnePort, ageing, queue, clock);
    }

    /** The same with another time to forget, by another clock. */
    public SwitchOptions withAgeing(Duration time, LongSupplier by) {
        return new SwitchOptions(ports, stations, stationsOfOnePort, time, queue, by);
    }

    long nanoTime() {
        return clock.getAsLong();
    }
}
