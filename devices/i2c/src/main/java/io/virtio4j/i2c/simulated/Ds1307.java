// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c.simulated;

import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;

/**
 * A clock of the DS1307 class: seconds to years (2000 to 2099) in BCD, 12 and 24 hours, clock halt, control
 * register, and 56 bytes of RAM. The time is latched when the part is addressed, so that it is read whole.
 *
 * <p>It goes as the {@link InstantSource} does, from which it also has the time at first, in UTC; when it was set,
 * it keeps the difference. Methods may be called by any thread.
 */
public final class Ds1307 implements I2cTarget {

    private static final int SECONDS = 0;
    private static final int MINUTES = 1;
    private static final int HOURS = 2;
    private static final int DAY = 3;
    private static final int DATE = 4;
    private static final int MONTH = 5;
    private static final int YEAR = 6;
    private static final int CONTROL = 7;
    private static final int RAM = 8;
    private static final int REGISTERS = 64;

    private static final int CLOCK_HALT = 0x80;
    private static final int TWELVE_HOURS = 0x40;
    private static final int PM = 0x20;
    private static final int CONTROL_MASK = 0x93;
    private static final int CENTURY = 2000;
    private static final int DAYS = 7;

    private final InstantSource clock;
    private final int[] registers = new int[REGISTERS];

    private LocalDateTime setTo;
    private Instant setAt;
    private int dayWhenSet;
    private boolean halted;
    private boolean twelveHours;

    private int pointer;
    private boolean receivesPointer;
    private boolean timeWritten;

    /** Creates one that goes, and has the time of {@code clock} in UTC. */
    public Ds1307(InstantSource clock) {
        this.clock = clock;
        setAt = clock.instant().truncatedTo(ChronoUnit.SECONDS);
        setTo = LocalDateTime.ofInstant(setAt, ZoneOffset.UTC);
        dayWhenSet = setTo.getDayOfWeek().getValue() % DAYS + 1; // 1 is Sunday, as Linux has it
    }

    /** The time that it shows. */
    public synchronized LocalDateTime time() {
        return halted ? setTo : setTo.plusSeconds(ChronoUnit.SECONDS.between(setAt, clock.instant()));
    }

    /** Sets the time, to the second, and lets the clock go. */
    public synchronized void set(LocalDateTime time) {
        checkYear(time.getYear());
        set(time.truncatedTo(ChronoUnit.SECONDS), time.getDayOfWeek().getValue() % DAYS + 1, false);
    }

    private static void checkYear(int year) {
        if (year < CENTURY || year >= CENTURY + 100) {
            throw new IllegalArgumentException("years are 2000 to 2099: year=" + year);
        }
    }

    private void set(LocalDateTime time, int day, boolean halt) {
        setTo = time;
        setAt = clock.instant();
        dayWhenSet = day;
        halted = halt;
    }

    /** Whether the oscillator stands still. */
    public synchronized boolean isHalted() {
        return halted;
    }

    /** A byte of the RAM, from 0 to 55. */
    public synchronized int ram(int index) {
        if (index < 0 || index >= REGISTERS - RAM) {
            throw new IllegalArgumentException("the RAM has 56 bytes: index=" + index);
        }
        return registers[RAM + index];
    }

    // ── Registers ──────────────────────────────────────────────────────────

    private static int toBcd(int value) {
        return value / 10 << 4 | value % 10;
    }

    private static int fromBcd(int value) {
        return (value >> 4) * 10 + (value & 0xF);
    }

    private void latch() {
        LocalDateTime time = time();
        registers[SECONDS] = toBcd(time.getSecond()) | (halted ? CLOCK_HALT : 0);
        registers[MINUTES] = toBcd(time.getMinute());
        registers[HOURS] = hours(time.getHour());
        registers[DAY] = day(time);
        registers[DATE] = toBcd(time.getDayOfMonth());
        registers[MONTH] = toBcd(time.getMonthValue());
        registers[YEAR] = toBcd(time.getYear() % 100);
    }

    private int hours(int hour) {
        if (!twelveHours) {
            return toBcd(hour);
        }
        int ofHalf = hour % 12 == 0 ? 12 : hour % 12;
        return toBcd(ofHalf) | TWELVE_HOURS | (hour >= 12 ? PM : 0);
    }

    private int hour(int register) {
        if ((register & TWELVE_HOURS) == 0) {
            return fromBcd(register & 0x3F);
        }
        return fromBcd(register & 0x1F) % 12 + ((register & PM) != 0 ? 12 : 0);
    }

    /** Days of the week count on from what was set, whatever it was. */
    private int day(LocalDateTime time) {
        long passed = ChronoUnit.DAYS.between(setTo.toLocalDate(), time.toLocalDate());
        return (int) Math.floorMod(dayWhenSet - 1 + passed, (long) DAYS) + 1;
    }

    /** What was written becomes the time. Values that no clock shows carry over, as in 31 February. */
    private void takeWritten() {
        if (!timeWritten) {
            return;
        }
        timeWritten = false;
        twelveHours = (registers[HOURS] & TWELVE_HOURS) != 0;
        LocalDateTime time = LocalDateTime.of(CENTURY + fromBcd(registers[YEAR]) % 100, 1, 1, 0, 0)
                .plusMonths(fromBcd(registers[MONTH]) - 1L)
                .plusDays(fromBcd(registers[DATE]) - 1L)
                .plusHours(hour(registers[HOURS]))
                .plusMinutes(fromBcd(registers[MINUTES]))
                .plusSeconds(fromBcd(registers[SECONDS] & ~CLOCK_HALT));
        set(time, registers[DAY], (registers[SECONDS] & CLOCK_HALT) != 0);
    }

    private static int mask(int register) {
        return switch (register) {
            case MINUTES -> 0x7F;
            case HOURS -> 0x7F;
            case DAY -> 0x07;
            case DATE -> 0x3F;
            case MONTH -> 0x1F;
            case CONTROL -> CONTROL_MASK;
            default -> 0xFF;
        };
    }

    // ── The bus ────────────────────────────────────────────────────────────

    @Override
    public synchronized boolean start(boolean read) {
        takeWritten();
        latch();
        receivesPointer = !read;
        return true;
    }

    @Override
    public synchronized boolean write(int data) {
        if (receivesPointer) {
            receivesPointer = false;
            pointer = data % REGISTERS;
            return true;
        }
        registers[pointer] = data & mask(pointer);
        timeWritten |= pointer < CONTROL;
        pointer = (pointer + 1) % REGISTERS;
        return true;
    }

    @Override
    public synchronized int read() {
        int data = registers[pointer];
        pointer = (pointer + 1) % REGISTERS;
        return data;
    }

    @Override
    public synchronized void stop() {
        takeWritten();
    }

    @Override
    public String toString() {
        return "Ds1307[" + time() + (halted ? " halted" : "") + "]";
    }
}
