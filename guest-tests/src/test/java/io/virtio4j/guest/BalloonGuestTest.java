// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.balloon.BalloonCounter;
import io.virtio4j.balloon.BalloonDevice;
import io.virtio4j.balloon.BalloonDeviceBuilder;
import io.virtio4j.balloon.BalloonFeature;
import io.virtio4j.balloon.BalloonStatistic;
import io.virtio4j.balloon.BalloonStatistics;
import io.virtio4j.balloon.HintingRound;
import io.virtio4j.balloon.linux.LinuxPageRelease;
import io.virtio4j.core.device.CoreFeature;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Memory of a guest goes to the host and comes back: what the guest says of itself is compared with what the host
 * holds of its memory.
 */
@Tag("guest")
@ExtendWith(GuestReport.class)
class BalloonGuestTest {

    private static final Duration LONG = Duration.ofMinutes(5);
    private static final int MEBIBYTES = 512;
    private static final long MIB = 1 << 20;
    private static final long HALF = MEBIBYTES * MIB / 2;
    /** What a kernel does with memory by itself meanwhile. */
    private static final long SLACK = 32 * MIB;

    private static BalloonDeviceBuilder device() {
        return BalloonDevice.of(new LinuxPageRelease()).statisticsEvery(Duration.ofMillis(200));
    }

    private static LinuxGuest boot(ServedBalloon served, SharedDirectory shared, String name, String... arguments) {
        return machine(served, shared, name, arguments).start();
    }

    private static LinuxGuest.Builder machine(
        ServedBalloon served, SharedDirectory shared, String name, String... arguments) {
        return served.plugInto(LinuxGuest.builder(shared)).programs(GuestPrograms.BOARD).kernelArguments(arguments)
            .name("balloon-" + name + "-" + served.wiring()).memory(MEBIBYTES).processors(2);
    }

    private static void await(String what, BooleanSupplier condition) {
        Waiting.until(what, LONG, condition);
    }

    /** Uses nearly all free memory for a moment, so that the host holds it. */
    private static void touchMemory(LinuxGuest guest) {
        guest.run("""
            free=$(sed -n 's/^MemAvailable: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo)
            mkdir -p /tmp/fill && mount -t tmpfs -o size=95% fill /tmp/fill
            dd if=/dev/zero of=/tmp/fill/file bs=1M count=$((free / 1024 - 24)) 2>/dev/null
            umount /tmp/fill
            """, LONG).success();
    }

    /** A process that needs so much memory; it says how much it had, and ends when there is a file. */
    private static String process(int bytes, String file) {
        return """
            LC_ALL=C perl -e 'my $bytes = %d;
                my $memory = "x" x $bytes;
                print length($memory);
                open(my $full, ">", "/tmp/full"); close($full);
                select(undef, undef, undef, 0.1) until -e "%s";'
            """.formatted(bytes, file);
    }

    private static void use(LinuxGuest guest, int bytes) {
        assertEquals(Integer.toString(bytes), guest.run(process(bytes, "/proc/version"), LONG).success());
    }

    // ── Inflating and deflating ────────────────────────────────────────────

    @OnEachWiring
    void half_of_the_memory_goes_and_comes_back_under_load(Wiring wiring, GuestReport.Row row) throws Exception {
        try (SharedDirectory shared = SharedDirectory.create();
             ServedBalloon served = ServedBalloon.serve(shared, wiring,
                 device().without(BalloonFeature.PAGE_REPORTING));
             LinuxGuest guest = boot(served, shared, "half")) {
            row.shows(served);
            BalloonDevice balloon = served.balloon();
            assertEquals(wiring.ring() == Wiring.Ring.PACKED, served.accepted().has(CoreFeature.RING_PACKED));
            row.step("touch all memory");
            touchMemory(guest);
            long total = guest.memory("MemTotal");
            long held = guest.residentBytes();
            GuestJob load = load(guest);

            row.step("inflate by half");
            balloon.target(HALF / BalloonDevice.PAGE_SIZE);
            await("inflated", () -> balloon.actual() == balloon.target());
            assertEquals(total - HALF, guest.memory("MemTotal"), "the guest has so much less");
            long saved = held - guest.residentBytes();
            assertTrue(Math.abs(saved - HALF) <= SLACK, "the host has so much more: held=" + held + " saved=" + saved);
            assertEquals(HALF / BalloonDevice.PAGE_SIZE,
                served.count(BalloonCounter.INFLATED) - served.count(BalloonCounter.DEFLATED));

            row.step("statistics");
            statisticsAreTrue(guest, balloon);

            row.step("deflate");
            balloon.target(0);
            await("deflated", () -> balloon.actual() == 0);
            assertEquals(total, guest.memory("MemTotal"), "all is back");
            guest.run("touch /tmp/stop").success();
            assertEquals("", load.finish(LONG).success(), "the load saw its own bytes alone");
            touchMemory(guest);
            assertTrue(guest.residentBytes() >= held - SLACK, "and is used");
            end(guest, served);
            row.note("Linux " + guest.release() + ", " + saved / MIB + " MiB given back");
        }
    }

    /** Fills, compares and frees memory until it is told to stop. */
    private static GuestJob load(LinuxGuest guest) {
        return guest.start("""
            mkdir -p /tmp/load && mount -t tmpfs load /tmp/load
            dd if=/dev/urandom of=/tmp/load/one bs=1M count=8 2>/dev/null
            sum=$(md5sum < /tmp/load/one)
            while [ ! -e /tmp/stop ]; do
                cat /tmp/load/one /tmp/load/one > /tmp/load/two
                [ "$(dd if=/tmp/load/two bs=1M skip=8 2>/dev/null | md5sum)" = "$sum" ] || exit 1
                rm /tmp/load/two
            done
            """);
    }

    private static void statisticsAreTrue(LinuxGuest guest, BalloonDevice balloon) {
        BalloonStatistics before = balloon.statistics().orElseThrow();
        await("fresh statistics",
            () -> balloon.statistics().orElseThrow().nanoTime() - before.nanoTime() > 500_000_000);
        BalloonStatistics now = balloon.statistics().orElseThrow();
        assertEquals(guest.memory("MemTotal"), now.get(BalloonStatistic.MEMTOT).orElseThrow());
        long difference = guest.memory("MemAvailable") - now.get(BalloonStatistic.AVAIL).orElseThrow();
        assertTrue(Math.abs(difference) <= SLACK, "available memory differs by " + difference);
        assertTrue(now.get(BalloonStatistic.MEMFREE).orElseThrow() < HALF, now.toString());
        assertTrue(now.get(BalloonStatistic.CACHES).orElseThrow() > 8 * MIB, now.toString());
    }

    /** A guest with most of its memory in the balloon takes some back before it ends a process. */
    @OnEachWiring
    void the_guest_helps_itself_before_it_runs_out_of_memory(Wiring wiring, GuestReport.Row row) throws Exception {
        try (SharedDirectory shared = SharedDirectory.create();
             ServedBalloon served = ServedBalloon.serve(shared, wiring, device().deflateOnOom());
             LinuxGuest guest = boot(served, shared, "oom")) {
            row.shows(served);
            BalloonDevice balloon = served.balloon();
            long wanted = guest.memory("MemAvailable") - 64 * MIB;
            balloon.target(wanted / BalloonDevice.PAGE_SIZE);
            await("inflated", () -> balloon.actual() == balloon.target());
            use(guest, 157_286_400);
            await("deflated", () -> balloon.actual() < balloon.target());
            assertEquals("0", guest.run("dmesg | grep -c 'Out of memory' || true").success());
            balloon.target(0);
            await("empty", () -> balloon.actual() == 0);
            end(guest, served);
        }
    }

    // ── Free page reporting ────────────────────────────────────────────────

    @OnEachWiring
    void memory_returns_after_a_big_process_ends(Wiring wiring, GuestReport.Row row) throws Exception {
        try (SharedDirectory shared = SharedDirectory.create();
             ServedBalloon served = ServedBalloon.serve(shared, wiring, device());
             LinuxGuest guest = boot(served, shared, "reporting")) {
            row.shows(served);
            assertFalse(served.accepted().has(BalloonFeature.PAGE_POISON), "a kernel that neither fills nor clears");
            reporting(guest, served, row);
        }
    }

    /** Linux clears memory as it is freed, and says so; what was given back reads as that. */
    @OnEachWiring
    void cleared_memory_returns_too(Wiring wiring, GuestReport.Row row) throws Exception {
        try (SharedDirectory shared = SharedDirectory.create();
             ServedBalloon served = ServedBalloon.serve(shared, wiring, device());
             LinuxGuest guest = boot(served, shared, "cleared", "init_on_free=1")) {
            row.shows(served);
            assertTrue(served.accepted().has(BalloonFeature.PAGE_POISON));
            reporting(guest, served, row);
        }
    }

    private static void reporting(LinuxGuest guest, ServedBalloon served, GuestReport.Row row) {
        GuestJob process = guest.start(process(268_435_456, "/tmp/end"));
        guest.run("until [ -e /tmp/full ]; do sleep 0.1; done", LONG).success();
        long most = guest.residentBytes();
        assertTrue(most >= 256 * MIB, "a big process: " + most);
        guest.run("touch /tmp/end").success();
        assertEquals("268435456", process.finish(LONG).success());
        await("memory returns", () -> guest.residentBytes() <= most - 200 * MIB);
        assertTrue(served.count(BalloonCounter.REPORTED) >= 200 * MIB / BalloonDevice.PAGE_SIZE);
        use(guest, 268_435_456);
        end(guest, served);
        row.note("Linux " + guest.release() + ", " + served.bytes() / MIB + " MiB given back");
    }

    /**
     * Pages that have to keep what they are filled with stay: Linux would find anything else in them. Debian's
     * kernel can fill them.
     */
    @ParameterizedTest
    @CsvSource({"PCI,PACKED", "PCI,SPLIT"})
    void poisoned_memory_stays(Wiring.Bus bus, Wiring.Ring ring, GuestReport.Row row) throws Exception {
        Wiring wiring = new Wiring(bus, ring, 1);
        try (SharedDirectory shared = SharedDirectory.create();
             ServedBalloon served = ServedBalloon.serve(shared, wiring, device());
             LinuxGuest guest = machine(served, shared, "poisoned", "page_poison=1")
                 .kernel(GuestKernel.STOCK).start()) {
            row.shows(served);
            assertTrue(served.accepted().has(BalloonFeature.PAGE_POISON));
            assertEquals(0xAAAA_AAAAL, served.balloon().poison());
            use(guest, 134_217_728);
            await("reports", () -> served.count(BalloonCounter.REPORTED) > 64 * MIB / BalloonDevice.PAGE_SIZE);
            assertEquals(0, served.count(BalloonCounter.RELEASED));
            use(guest, 134_217_728);
            end(guest, served);
            row.note("Linux " + guest.release());
        }
    }

    // ── Free page hinting ──────────────────────────────────────────────────

    @OnEachWiring
    void the_guest_hints_at_free_pages(Wiring wiring, GuestReport.Row row) throws Exception {
        try (SharedDirectory shared = SharedDirectory.create();
             ServedBalloon served = ServedBalloon.serve(shared, wiring,
                 device().without(BalloonFeature.PAGE_REPORTING));
             LinuxGuest guest = boot(served, shared, "hints")) {
            row.shows(served);
            long free = guest.memory("MemFree");
            long hinted = 0;
            for (int i = 0; i < 3; i++) {
                try (HintingRound round = served.balloon().hint()) {
                    assertTrue(round.await(LONG), round.toString());
                    hinted = round.pages() * BalloonDevice.PAGE_SIZE;
                    assertTrue(hinted > free / 2 && hinted <= free, "free=" + free + " hinted=" + hinted);
                    assertFalse(round.isFree(0), "the first page is never free");
                    assertTrue(guest.memory("MemFree") < free - hinted + SLACK, "Linux keeps them meanwhile");
                }
                long least = free - SLACK;
                guest.run("""
                    for i in $(seq 300); do
                        [ $(sed -n 's/^MemFree: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo) -ge %d ] && exit 0
                        sleep 0.1
                    done
                    cat /proc/meminfo
                    exit 1
                    """.formatted(least >> 10), LONG).success();
            }
            assertNotEquals(0, served.count(BalloonCounter.HINTED));
            assertEquals(0, served.count(BalloonCounter.RELEASED), "hints change no page");
            end(guest, served);
            row.note("Linux " + guest.release() + ", " + hinted / MIB + " of " + free / MIB + " MiB hinted");
        }
    }

    private static void end(LinuxGuest guest, ServedBalloon served) {
        guest.powerOff();
        assertEquals(List.of(), guest.complaints());
        assertEquals(0, served.errors());
    }
}
