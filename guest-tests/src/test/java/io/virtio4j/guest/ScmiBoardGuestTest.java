// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.scmi.platform.SystemPower;
import io.virtio4j.scmi.protocol.ScmiCounter;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Linux manages a simulated board with its SCMI drivers. */
@Tag("guest")
@ExtendWith(GuestReport.class)
class ScmiBoardGuestTest {

    private static final Duration LONG = Duration.ofSeconds(120);
    private static final String RAW = "/sys/kernel/debug/scmi/0/raw";

    @OnEachWiring
    void linux_manages_a_board(Wiring wiring, GuestReport.Row row) throws IOException {
        row.with(wiring.bus().toString(), wiring.ring().toString().toLowerCase(Locale.ROOT), 2);
        try (SharedDirectory shared = SharedDirectory.create();
             ScmiBoard board = ScmiBoard.serve(shared, wiring);
             LinuxGuest guest = board.boot(shared, "scmi")) {
            assertEquals(wiring.ring() == Wiring.Ring.PACKED, board.isPacked());
            row.step("protocols");
            everyProtocolIsListed(guest);
            row.step("sensors");
            sensorsFollowJava(guest, board);
            row.step("clocks");
            clocksAreAsOnTheBoard(guest, board);
            row.step("regulators");
            regulatorsSetVoltages(guest, board);
            row.step("power domains and pins");
            powerDomainsAndPinsAreUsed(guest, board);
            row.step("resets");
            domainsAreReset(guest, board);
            row.step("power caps");
            powerCapsAreReadAndSet(guest, board);
            row.step("notifications");
            aThresholdIsNotified(guest, board);
            aBufferOfReadingsFills(guest, board);
            row.note(board.device.counters().get(ScmiCounter.COMMANDS) + " commands");
            assertEquals(List.of(), guest.complaints());
            guest.powerOff();
        }
    }

    // ── Protocols ──────────────────────────────────────────────────────────

    private static void everyProtocolIsListed(LinuxGuest guest) {
        String found = guest.run("dmesg | grep 'SCMI Protocol'").success();
        assertTrue(found.contains("SCMI Protocol v2.1 'virtio4j:board' Firmware version 0x10203"), found);
        String drivers = guest.run("""
            cd /sys/bus/scmi_protocol/drivers
            for driver in *; do ls -d $driver/scmi_dev.* >/dev/null 2>&1 && echo $driver; done
            """).success();
        for (String driver : List.of("scmi-power-domain", "scmi-perf-domain", "scmi-clocks", "scmi-hwmon",
            "scmi-reset", "scmi-regulator", "scmi-powercap", "scmi-pinctrl", "scmi-system-power",
            "scmi-sensor-iiodev")) {
            assertTrue(drivers.contains(driver), driver + " is not among " + drivers);
        }
    }

    // ── Sensors ────────────────────────────────────────────────────────────

    private static String hwmon(LinuxGuest guest, String file) {
        return guest.run("cat $(grep -l scmi_sensors /sys/class/hwmon/*/name | xargs dirname)/" + file).success();
    }

    private static void sensorsFollowJava(LinuxGuest guest, ScmiBoard board) {
        assertEquals("soc-temperature", hwmon(guest, "temp1_label"));
        assertEquals("a-power-sensor-with-a-long-name", hwmon(guest, "power1_label"));
        for (long milliCelsius : new long[] {41_000, -12_345, 99_999}) {
            board.temperature.set(milliCelsius);
            assertEquals(Long.toString(milliCelsius), hwmon(guest, "temp1_input"));
        }
        board.supply.set(4_987);
        assertEquals("4987", hwmon(guest, "in0_input"), "read with a delayed response");
        assertEquals("2500000", hwmon(guest, "power1_input"));
        board.temperature.set(41_000);
    }

    // ── Clocks ─────────────────────────────────────────────────────────────

    private static String clock(LinuxGuest guest, String name, String file) {
        return guest.run("cat /sys/kernel/debug/clk/" + name + "/" + file).success();
    }

    private static void clocksAreAsOnTheBoard(LinuxGuest guest, ScmiBoard board) {
        String summary = guest.run("cat /sys/kernel/debug/clk/clk_summary").success();
        for (String name : List.of("uart", "crystal", "audio-master-clock-mux", "video")) {
            assertTrue(summary.contains(name), name + " is not in " + summary);
        }
        // Set by the consumer of the device tree, with a delayed response.
        assertEquals(48_000_000, board.uart.rate());
        assertEquals("48000000", clock(guest, "uart", "clk_rate"));
        assertEquals(1, board.mux.parent());
        assertEquals("crystal", clock(guest, "audio-master-clock-mux", "clk_parent"));
        // And from there, a change of the board and one of the guest.
        board.crystal.set(26_000_000);
        assertEquals("26000000", clock(guest, "crystal", "clk_rate"));
        raw(guest, 0x14, 0x5, 0, 0, 7_000_000, 0);
        assertEquals(7_000_000, board.uart.rate());
        assertEquals("7000000", clock(guest, "uart", "clk_rate"));
        assertEquals("1080000000", clock(guest, "video", "clk_max_rate"), "the last of forty");
        assertEquals("50/100", clock(guest, "uart", "clk_duty_cycle"));
    }

    // ── Regulators ─────────────────────────────────────────────────────────

    private static void regulatorsSetVoltages(LinuxGuest guest, ScmiBoard board) {
        String names = guest.run("cat /sys/class/regulator/*/name").success();
        assertTrue(names.contains("vdd-core") && names.contains("vdd-card"), names);
        guest.run("cd /sys/bus/platform/devices/core-consumer && echo 1000000 > max_microvolts"
            + " && echo 900000 > min_microvolts").success();
        assertTrue(board.core.level() >= 900_000 && board.core.level() <= 1_000_000, "level " + board.core.level());
        assertEquals(Integer.toString(board.core.level()), guest.run("""
            cd $(dirname $(grep -l vdd-core /sys/class/regulator/*/name)) && cat microvolts
            """).success());
        String output = "/sys/bus/platform/devices/card-output/state";
        guest.run("echo enabled > " + output).success();
        assertTrue(board.card.isOn());
        guest.run("echo disabled > " + output).success();
        assertFalse(board.card.isOn());
    }

    // ── Power domains, pins, resets ────────────────────────────────────────

    private static void powerDomainsAndPinsAreUsed(LinuxGuest guest, ScmiBoard board) {
        String domains = guest.run("cat /sys/kernel/debug/pm_genpd/pm_genpd_summary").success();
        assertTrue(domains.contains("bus") && domains.contains("core-consumer")
            && domains.contains("a-power-domain-with-a-long-name") && domains.contains("cpu"), domains);
        assertTrue(board.bus.isOn(), "its consumer is there");
        assertEquals("uart", board.pins.function("p1"));
        assertEquals(8L, board.pins.settings("p2").get(10), "drive strength");
        assertTrue(board.pins.settings("p0").isEmpty());
        String groups = guest.run("cat /sys/kernel/debug/pinctrl/*scmi*/pingroups").success();
        assertTrue(groups.contains("uart-pins"), groups);
    }

    private static void domainsAreReset(LinuxGuest guest, ScmiBoard board) {
        // A driver for serial ports, which finds none, holds its part in reset while it is not bound.
        assertFalse(board.serial.isAsserted());
        String driver = "cd /sys/bus/platform/drivers/of_serial && echo fed80000.serial > ";
        guest.run(driver + "unbind").success();
        assertTrue(board.serial.isAsserted());
        guest.run(driver + "bind").success();
        assertFalse(board.serial.isAsserted());
        assertEquals(1, board.serial.resets());
        // One that no driver uses, as a command.
        long before = board.usb.resets();
        raw(guest, 0x16, 0x4, 0, 2, 0);
        assertTrue(board.usb.isAsserted());
        raw(guest, 0x16, 0x4, 0, 0, 0);
        assertFalse(board.usb.isAsserted());
        assertEquals(before + 1, board.usb.resets());
    }

    // ── Power caps ─────────────────────────────────────────────────────────

    private static String zone(LinuxGuest guest, String name, String command) {
        return guest.run("cd $(dirname $(grep -lx " + name + " /sys/class/powercap/*/name)) && " + command).success();
    }

    private static void powerCapsAreReadAndSet(LinuxGuest guest, ScmiBoard board) {
        assertEquals("20000000", zone(guest, "board", "cat constraint_0_power_limit_uw"));
        zone(guest, "board", "echo 12500000 > constraint_0_power_limit_uw");
        assertEquals(12_500_000, board.budget.cap());
        zone(guest, "board", "echo 50000 > constraint_0_time_window_us");
        assertEquals(50_000, board.budget.interval());
        assertEquals("2500000", zone(guest, "board", "cat power_uw"));
        board.power.set(3_250_000);
        assertEquals("3250000", zone(guest, "board", "cat power_uw"));
        assertEquals("700000", zone(guest, "graphics", "cat power_uw"));
        zone(guest, "board", "echo 0 > enabled");
        assertEquals(0, board.budget.cap(), "no cap");
        zone(guest, "board", "echo 1 > enabled");
        assertEquals(12_500_000, board.budget.cap());
    }

    // ── Notifications ──────────────────────────────────────────────────────

    private static void aThresholdIsNotified(LinuxGuest guest, ScmiBoard board) {
        guest.run("echo 1 > " + RAW + "/reset").success();
        raw(guest, 0x15, 0x5, 0, 3, 85_000, 0);
        raw(guest, 0x15, 0x4, 0, 1);
        // A read gives one message; updates of the accelerometer, which a driver wants, come in between.
        GuestJob listener = guest.start("""
            while message=$(head -c 200 %s/notification | od -An -v -tx4 | tr -d '\\n'); do
                case $message in *00005700*) echo $message; exit ;; esac
            done
            """.formatted(RAW));
        board.temperature.set(90_000);
        // The agent that caused it: the platform; sensor 0; trip point 0, upwards.
        assertEquals(List.of("00005700", "00000000", "00000000", "00010000"),
            List.of(listener.finish(LONG).success().strip().split("\\s+")));
        raw(guest, 0x15, 0x4, 0, 0);
        board.temperature.set(41_000);
    }

    private static void aBufferOfReadingsFills(LinuxGuest guest, ScmiBoard board) {
        board.tilt.set(977);
        String found = guest.run("""
            cd $(dirname $(grep -lx accelerometer /sys/bus/iio/devices/iio:device*/name))
            for channel in scan_elements/*_en buffer0/*_en; do [ -e $channel ] && echo 1 > $channel; done
            echo 1 > buffer/enable
            timeout 60 head -c 64 /dev/$(basename $(pwd)) | od -An -v -td8
            echo 0 > buffer/enable
            """, LONG).success();
        assertTrue(found.contains("977") && found.contains("-4"), found);
    }

    @Test
    void a_board_asks_linux_to_shut_down(GuestReport.Row row) throws IOException {
        Wiring wiring = new Wiring(Wiring.Bus.PCI, Wiring.Ring.SPLIT, 1);
        row.with("PCI", "split", 2);
        try (SharedDirectory shared = SharedDirectory.create();
             ScmiBoard board = ScmiBoard.serve(shared, wiring);
             LinuxGuest guest = board.boot(shared, "scmi-shutdown")) {
            board.system.request(SystemPower.SHUTDOWN, 10_000);
            guest.awaitConsole("Power down", LONG);
        }
    }

    /** Sends a command through the kernel, which has to succeed. */
    private static void raw(LinuxGuest guest, int protocol, int message, long... words) {
        StringBuilder bytes = new StringBuilder();
        octal(bytes, (long) protocol << 10 | message);
        for (long word : words) {
            octal(bytes, word);
        }
        String response = guest.run("exec 3<>" + RAW + "/message && printf '" + bytes
            + "' >&3 && head -c 8 <&3 | od -An -v -tx4").success();
        assertEquals("00000000", response.strip().split("\\s+")[1], "status: " + response);
    }

    private static void octal(StringBuilder to, long word) {
        IntStream.range(0, 4).forEach(i -> to.append("\\%03o".formatted(word >> 8 * i & 0xFF)));
    }
}
