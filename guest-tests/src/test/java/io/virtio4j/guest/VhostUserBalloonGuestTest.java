// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.balloon.BalloonCounter;
import io.virtio4j.balloon.BalloonDevice;
import io.virtio4j.balloon.BalloonFeature;
import io.virtio4j.balloon.BalloonStatistic;
import io.virtio4j.balloon.linux.LinuxPageRelease;
import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.Counters;
import io.virtio4j.transport.vhostuser.ProtocolFeature;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A balloon of ours over vhost-user, which no VMM has a device for: in QEMU's front-end for devices of any kind, and in
 * user-mode Linux.
 */
@Tag("guest")
@ExtendWith(GuestReport.class)
class VhostUserBalloonGuestTest {

    private static final int BALLOON = 5;
    private static final int QUEUES = 5;
    private static final int CONFIGURATION_BYTES = 16;
    private static final String SOCKET = "balloon.sock";
    private static final Duration LONG = Duration.ofMinutes(3);
    private static final long MIB = 1 << 20;
    private static final long WANTED = 64 * MIB;
    /** What a kernel does with memory by itself meanwhile. */
    private static final long SLACK = 16 * MIB;

    private static BalloonDevice balloon() {
        return BalloonDevice.of(new LinuxPageRelease()).statisticsEvery(Duration.ofMillis(200))
            .without(BalloonFeature.PAGE_REPORTING).build();
    }

    private static void await(String what, BooleanSupplier condition) {
        Waiting.until(what, LONG, condition);
    }

    @ParameterizedTest
    @ValueSource(strings = {"split", "packed"})
    void qemu_passes_a_balloon_on(String ring, GuestReport.Row row) throws Exception {
        row.with("vhost-user", ring, QUEUES);
        BalloonDevice balloon = balloon();
        try (SharedDirectory shared = SharedDirectory.create();
             VhostUserDevice served = VhostUserDevice.serve(balloon, shared.path(SOCKET), Set.of(ring),
                 ProtocolFeature.STATUS);
             LinuxGuest guest = LinuxGuest.builder(shared).programs(GuestPrograms.BOARD)
                 .name("vhost-user-balloon-" + ring).arguments(
                     "-chardev", "socket,id=vhost,path=" + shared.inside(SOCKET),
                     "-device", "vhost-user-test-device-pci,chardev=vhost,addr=3,virtio-id=" + BALLOON + ",num_vqs="
                         + QUEUES + ",config_size=" + CONFIGURATION_BYTES
                         + ",packed=" + (ring.equals("packed") ? "on" : "off")).start()) {
            assertEquals(ring.equals("packed"), served.device().accepted().has(CoreFeature.RING_PACKED));
            work(guest, balloon, row);
            guest.powerOff();
            assertEquals(List.of(), guest.complaints());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"split", "packed"})
    void a_user_mode_kernel_has_a_balloon(String ring, GuestReport.Row row) throws Exception {
        row.with("vhost-user, user mode", ring, QUEUES);
        BalloonDevice balloon = balloon();
        try (SharedDirectory shared = SharedDirectory.create();
             VhostUserDevice served = VhostUserDevice.serve(balloon, shared.path(SOCKET), Set.of(ring, "trusted"));
             UserModeGuest guest = UserModeGuest.start(shared, "user-mode-balloon-" + ring, GuestPrograms.BOARD,
                 new UserModeGuest.Device(SOCKET, BALLOON))) {
            assertEquals(ring.equals("packed"), served.device().accepted().has(CoreFeature.RING_PACKED));
            work(guest, balloon, row);
            guest.powerOff();
            assertEquals(List.of(), guest.complaints());
        }
    }

    private static void work(GuestShell guest, BalloonDevice balloon, GuestReport.Row row) {
        guest.run("""
            mkdir -p /tmp/fill && mount -t tmpfs -o size=95% fill /tmp/fill
            dd if=/dev/zero of=/tmp/fill/file bs=1M count=100 2>/dev/null
            umount /tmp/fill
            """, LONG).success();
        long total = guest.memory("MemTotal");
        long held = guest.residentBytes();

        row.step("inflate");
        balloon.target(WANTED / BalloonDevice.PAGE_SIZE);
        await("inflated", () -> balloon.actual() == balloon.target());
        assertEquals(total - WANTED, guest.memory("MemTotal"), "the guest has so much less");
        long saved = held - guest.residentBytes();
        assertTrue(Math.abs(saved - WANTED) <= SLACK, "the host has so much more: held=" + held + " saved=" + saved);
        await("statistics", () -> balloon.statistics().filter(now ->
            now.get(BalloonStatistic.MEMTOT).orElse(0) == total - WANTED).isPresent());

        row.step("deflate");
        balloon.target(0);
        await("deflated", () -> balloon.actual() == 0);
        assertEquals(total, guest.memory("MemTotal"), "all is back");
        Counters<BalloonCounter> counted = balloon.counters();
        assertEquals(counted.get(BalloonCounter.INFLATED), counted.get(BalloonCounter.DEFLATED));
        assertEquals(0, counted.get(BalloonCounter.RELEASE_ERRORS));
        row.note(saved / MIB + " MiB given back");
    }
}
