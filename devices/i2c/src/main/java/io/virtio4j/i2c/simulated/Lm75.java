// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c.simulated;

import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/**
 * A temperature sensor of the LM75 class, with its thermostat output OS: comparator and interrupt mode, fault
 * queue, polarity, shutdown.
 *
 * <p>Conversions that are due are made when somebody looks: the bus, or a method of this class, all of which may
 * be called by any thread.
 */
public final class Lm75 implements I2cTarget {

    private static final int TEMPERATURE = 0;
    private static final int CONFIGURATION = 1;
    private static final int HYSTERESIS = 2;
    private static final int OVERTEMPERATURE = 3;

    private static final int SHUTDOWN = 1;
    private static final int INTERRUPT_MODE = 2;
    private static final int ACTIVE_HIGH = 4;
    private static final int FAULT_QUEUE_SHIFT = 3;
    private static final int CONFIGURATION_MASK = 0x1F;
    private static final int[] FAULT_QUEUES = {1, 2, 4, 6};
    private static final int MOST_FAULTS = 6;

    private static final double COLDEST = -55;
    private static final double HOTTEST = 125;
    private static final int LIMIT_MASK = 0xFF80;

    private final DoubleSupplier celsius;
    private final int bits;
    private final long conversionTime;
    private final LongSupplier nanoTime;

    private int temperature;
    private int configuration;
    private int hysteresis = 75 << 8;
    private int overtemperature = 80 << 8;

    private int pointer;
    private boolean receivesPointer;
    private int byteIndex;

    private boolean converted;
    private long lastConversion;
    private int faults;
    private boolean active;
    /** In interrupt mode: the limit that comes next is the hysteresis. */
    private boolean falling;
    private Consumer<Boolean> onPin = high -> {};

    /** Nine bits, 100 ms for a conversion. */
    public Lm75(DoubleSupplier celsius) {
        this(celsius, 9, Duration.ofMillis(100), System::nanoTime);
    }

    /**
     * Creates a sensor.
     *
     * @param celsius the temperature, in degrees Celsius; asked once for each conversion that somebody sees
     * @param bits the resolution: 9 (LM75), 11 (LM75B) or 12 (TMP75)
     * @param conversionTime how long a conversion takes
     * @param nanoTime time, such as {@code System::nanoTime}
     */
    public Lm75(DoubleSupplier celsius, int bits, Duration conversionTime, LongSupplier nanoTime) {
        if (bits < 9 || bits > 12) {
            throw new IllegalArgumentException("the resolution is 9 to 12 bits: bits=" + bits);
        }
        if (conversionTime.isNegative() || conversionTime.isZero()) {
            throw new IllegalArgumentException("a conversion takes time: conversionTime=" + conversionTime);
        }
        this.celsius = celsius;
        this.bits = bits;
        this.conversionTime = conversionTime.toNanos();
        this.nanoTime = nanoTime;
    }

    /**
     * Learns the level of the open-drain output OS, pulled up: true for high. Called by whoever looked, in the
     * middle of it; must not block.
     */
    public synchronized void onPin(Consumer<Boolean> listener) {
        onPin = listener;
    }

    /** Makes the conversions that are due, and says whether OS is active. */
    public synchronized boolean isAlerting() {
        convert();
        return active;
    }

    /** Makes the conversions that are due, and gives the level of OS: true for high. */
    public synchronized boolean pin() {
        convert();
        return level();
    }

    private boolean level() {
        return active == has(ACTIVE_HIGH);
    }

    private boolean has(int bit) {
        return (configuration & bit) != 0;
    }

    // ── Conversions ────────────────────────────────────────────────────────

    private void convert() {
        long now = nanoTime.getAsLong();
        if (!converted) {
            converted = true;
            lastConversion = now;
            convert(1);
        } else {
            long due = (now - lastConversion) / conversionTime;
            lastConversion += due * conversionTime;
            if (due > 0 && !has(SHUTDOWN)) {
                convert((int) Math.min(due, MOST_FAULTS));
            }
        }
    }

    private void convert(int times) {
        double value = Math.clamp(celsius.getAsDouble(), COLDEST, HOTTEST);
        int steps = (int) Math.floor(value * (1 << bits - 8));
        temperature = steps << 16 - bits & 0xFFFF;
        for (int i = 0; i < times; i++) {
            compare();
        }
    }

    /** The thermostat: so many conversions in a row beyond the limit. */
    private void compare() {
        boolean down = has(INTERRUPT_MODE) ? falling : active;
        boolean beyond = down
                ? (short) temperature < (short) hysteresis
                : (short) temperature > (short) overtemperature;
        faults = beyond ? faults + 1 : 0;
        if (faults < FAULT_QUEUES[configuration >> FAULT_QUEUE_SHIFT & 3]) {
            return;
        }
        faults = 0;
        if (has(INTERRUPT_MODE)) {
            falling = !falling;
            drive(true);
        } else {
            drive(!down);
        }
    }

    private void drive(boolean on) {
        boolean before = level();
        active = on;
        tell(before);
    }

    private void tell(boolean before) {
        if (level() != before) {
            onPin.accept(level());
        }
    }

    // ── The bus ────────────────────────────────────────────────────────────

    @Override
    public synchronized boolean start(boolean read) {
        convert();
        receivesPointer = !read;
        byteIndex = 0;
        // In interrupt mode, reading any register ends the alert.
        if (read && has(INTERRUPT_MODE)) {
            drive(false);
        }
        return true;
    }

    @Override
    public synchronized boolean write(int data) {
        if (receivesPointer) {
            receivesPointer = false;
            pointer = data & 3;
            return true;
        }
        int at = byteIndex++;
        switch (pointer) {
            case CONFIGURATION -> configure(data, at);
            case HYSTERESIS -> hysteresis = put(hysteresis, data, at);
            case OVERTEMPERATURE -> overtemperature = put(overtemperature, data, at);
            default -> { } // The temperature is read-only.
        }
        return true;
    }

    private void configure(int data, int at) {
        if (at > 0) {
            return;
        }
        boolean before = level();
        boolean modeChanges = ((configuration ^ data) & INTERRUPT_MODE) != 0;
        configuration = data & CONFIGURATION_MASK;
        if (modeChanges) {
            active = false;
            falling = false;
            faults = 0;
        }
        tell(before);
    }

    private static int put(int register, int data, int at) {
        return switch (at) {
            case 0 -> data << 8 | register & 0xFF;
            case 1 -> (register & 0xFF00 | data) & LIMIT_MASK;
            default -> register;
        };
    }

    @Override
    public synchronized int read() {
        int at = byteIndex++;
        int register = switch (pointer) {
            case TEMPERATURE -> temperature;
            case CONFIGURATION -> configuration << 8 | configuration;
            case HYSTERESIS -> hysteresis;
            default -> overtemperature;
        };
        return at % 2 == 0 ? register >> 8 : register & 0xFF;
    }

    @Override
    public String toString() {
        return "Lm75[bits=" + bits + "]";
    }
}
