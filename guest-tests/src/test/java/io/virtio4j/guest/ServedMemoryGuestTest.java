// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.balloon.linux.LinuxPageRelease;
import io.virtio4j.core.device.CoreFeature;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/** Linux's memory grows and shrinks as Java wants it, while programs use it. */
@Tag("guest")
@ExtendWith(GuestReport.class)
class ServedMemoryGuestTest {

    private static final Duration LONG = Duration.ofSeconds(300);

    @OnEachWiring
    void memory_grows_and_shrinks_while_it_is_used(Wiring wiring, GuestReport.Row row) throws IOException {
        try (SharedDirectory shared = SharedDirectory.create();
             ServedMemory served = ServedMemory.serve(shared, wiring, new LinuxPageRelease());
             LinuxGuest guest = served.plugInto(LinuxGuest.builder(shared))
                 .name("memory-" + wiring).processors(2).start()) {
            row.shows(served);
            assertEquals(wiring.ring() == Wiring.Ring.PACKED, served.accepted().has(CoreFeature.RING_PACKED));
            int small = total(guest);

            row.step("plug");
            served.request(256);
            served.await(256);
            assertEquals(small + 256, total(guest), 8);

            row.step("use");
            guest.run("mkdir -p /m && mount -t tmpfs -o size=600m none /m", LONG).success();
            // Movable memory, as what is plugged is, comes first.
            guest.run("""
                yes 0123456789abcde | head -c 1048576 > /m/piece
                for i in $(seq 130); do cat /m/piece; done > /m/file""", LONG).success();
            long held = guest.residentBytes();
            assertTrue(served.written() >= 64, "the new memory holds some of it: MiB=" + served.written());

            row.step("unplug a part");
            guest.run("head -c 20000000 /dev/urandom > /m/half && rm /m/file && md5sum /m/half > /m/sum", LONG)
                .success();
            served.request(64);
            served.await(64);
            assertTrue(guest.run("md5sum -c /m/sum", LONG).success().contains("OK"), "moved, not lost");
            assertEquals(small + 64, total(guest), 8);

            row.step("unplug everything");
            guest.run("rm /m/*", LONG).success();
            served.request(0);
            served.await(0);
            assertEquals(small, total(guest), 8);
            long given = (held - guest.residentBytes()) >> 20;
            assertTrue(given >= 64, "the host has it again: MiB=" + given);
            assertEquals(0, served.written());
            row.note("Linux " + guest.release() + ", " + given + " MiB given back");

            row.step("plug again");
            served.request(64);
            served.await(64);
            guest.powerOff();
            assertEquals(List.of(), guest.complaints());
            assertEquals(0, served.errors());
        }
    }

    /** In MiB. */
    private static int total(LinuxGuest guest) {
        return (int) (guest.memory("MemTotal") >> 20);
    }
}
