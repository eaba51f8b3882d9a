// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What blkzone and fio do with a zoned disk in a guest. All addresses are sectors of 512 bytes. */
final class ZoneWork {

    private static final Duration LONG = Duration.ofMinutes(5);
    private static final Pattern LINE = Pattern.compile(
        "start: 0x(\\p{XDigit}+), len 0x(\\p{XDigit}+), cap 0x(\\p{XDigit}+), "
        + "wptr (N/A|0x\\p{XDigit}+) reset:\\d non-seq:\\d, zcond: ?\\d+\\((..)\\) "
        + "\\[type: \\d\\((\\w+)\\)]");

    private final LinuxGuest guest;
    private final String disk;

    /** Works on {@code /dev/DISK}. */
    ZoneWork(LinuxGuest guest, String disk) {
        this.guest = guest;
        this.disk = disk;
    }

    /**
     * A zone as blkzone reports it.
     *
     * @param written the write pointer, counted from the zone's start; -1 if the zone has none
     * @param condition two letters: nw (no write pointer), em (empty), oi (implicitly open),
     *     oe (explicitly open), cl (closed), fu (full), ro (read-only), of (offline)
     * @param type CONVENTIONAL, SEQ_WRITE_REQUIRED or SEQ_WRITE_PREFERRED
     */
    record Zone(long start, long length, long capacity, long written, String condition,
                String type) {

        static Zone parse(String line) {
            Matcher matcher = LINE.matcher(line.strip());
            if (!matcher.matches()) {
                throw new GuestFailure("not a line of blkzone: line=" + line);
            }
            String pointer = matcher.group(4);
            return new Zone(hex(matcher.group(1)), hex(matcher.group(2)), hex(matcher.group(3)),
                pointer.equals("N/A") ? -1 : hex(pointer.substring(2)), matcher.group(5),
                matcher.group(6));
        }

        private static long hex(String digits) {
            return Long.parseLong(digits, 16);
        }
    }

    /** Every zone of the disk. */
    List<Zone> report() {
        String lines = guest.run("blkzone report /dev/" + disk, LONG).success();
        return lines.lines().map(Zone::parse).toList();
    }

    /**
     * Manages one zone.
     *
     * @param command open, close, finish or reset
     */
    void manage(String command, Zone zone) {
        guest.run("blkzone %s -o %d -l %d /dev/%s"
            .formatted(command, zone.start(), zone.length(), disk)).success();
    }

    /** Empties every zone that can be. */
    void resetAll() {
        guest.run("blkzone reset /dev/" + disk).success();
    }

    /**
     * Writes sectors, at the place that the write pointer says or elsewhere. With fsync, because Linux may
     * turn direct I/O into buffered I/O, whose errors come later.
     */
    CommandResult write(long sector, int sectors) {
        return guest.run("dd if=/dev/urandom of=/dev/%s bs=512 seek=%d count=%d oflag=direct conv=fsync"
            .formatted(disk, sector, sectors));
    }

    /**
     * Takes an empty sequential zone through all of its conditions and back, with a write where it belongs
     * and one where it does not.
     */
    void everyCondition(Zone empty) {
        manage("open", empty);
        expect("oe", empty);
        write(empty.start(), 8).success();
        if (again(empty).written() != 8) {
            throw new GuestFailure("8 sectors were written: zone=" + again(empty));
        }
        if (write(empty.start() + 16, 8).status() == 0) {
            throw new GuestFailure("written beside the write pointer: zone=" + again(empty));
        }
        manage("close", empty);
        expect("cl", empty);
        write(empty.start() + 8, 8).success();
        expect("oi", empty);
        manage("finish", empty);
        expect("fu", empty);
        manage("reset", empty);
        if (!again(empty).equals(empty)) {
            throw new GuestFailure("not as before: expected=" + empty + " found=" + again(empty));
        }
    }

    private Zone again(Zone zone) {
        return report().stream().filter(each -> each.start() == zone.start()).findFirst().orElseThrow();
    }

    private void expect(String condition, Zone zone) {
        Zone now = again(zone);
        if (!now.condition().equals(condition)) {
            throw new GuestFailure("zone is in another condition: expected=" + condition + " found=" + now);
        }
    }

    /**
     * Runs fio in its mode for zoned disks.
     *
     * @param options what to do, in fio's own words
     */
    void fio(String options) {
        guest.run("fio --name=zones --filename=/dev/%s --direct=1 --zonemode=zbd --eta=never %s"
            .formatted(disk, options), LONG).success();
    }
}
