// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import io.virtio4j.core.device.DeviceClock;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The choices for an {@link I2cDevice}; each has a default that suits most. */
public final class I2cDeviceBuilder {

    private static final Logger LOG = LoggerFactory.getLogger(I2cDevice.class);

    /** What {@code le16 len} of Linux's messages can say. */
    private static final int MOST_BYTES = 65_535;

    /** What Linux's i2c-dev takes at once. */
    private static final int LINUX_BYTES = 8192;
    private static final int LINUX_MESSAGES = 42;

    private static final int MOST_MESSAGES = 1024;

    private final I2cBus bus;
    private int maxMessageBytes = LINUX_BYTES;
    private int maxMessages = LINUX_MESSAGES;
    private Duration groupWait = Duration.ofMillis(10);
    private @Nullable Executor executor;
    private Duration timeout = Duration.ofSeconds(3);
    private DeviceClock clock = DeviceClock.system();
    private Consumer<Throwable> onFault = fault -> LOG.warn("bus failed", fault);

    I2cDeviceBuilder(I2cBus bus) {
        this.bus = bus;
    }

    /**
     * The longest message; a longer one is answered with an error. Default: 8192, as Linux's i2c-dev.
     *
     * @param bytes 1 to 65535
     */
    public I2cDeviceBuilder maxMessageBytes(int bytes) {
        if (bytes < 1 || bytes > MOST_BYTES) {
            throw new IllegalArgumentException("a message has 1 to " + MOST_BYTES + " bytes: bytes=" + bytes);
        }
        maxMessageBytes = bytes;
        return this;
    }

    /**
     * The most messages of a transaction. A longer group is run in parts if the bus {@linkplain I2cBus#canHold()
     * can hold} its transaction in between, and fails otherwise. Default: 42, as Linux's i2c-dev.
     *
     * @param messages 1 to 1024
     */
    public I2cDeviceBuilder maxMessages(int messages) {
        if (messages < 1 || messages > MOST_MESSAGES) {
            throw new IllegalArgumentException("a transaction has 1 to " + MOST_MESSAGES
                    + " messages: messages=" + messages);
        }
        maxMessages = messages;
        return this;
    }

    /**
     * How long the rest of a group is waited for. Then what is there is run: without STOP if the bus {@linkplain
     * I2cBus#canHold() can hold} its transaction; otherwise with a STOP, and the rest, should it come, with a START
     * before it. A driver that makes the whole group available makes nobody wait. Default: 10 ms.
     */
    public I2cDeviceBuilder groupWait(Duration wait) {
        if (wait.isNegative()) {
            throw new IllegalArgumentException("a wait is not negative: groupWait=" + wait);
        }
        groupWait = wait;
        return this;
    }

    /**
     * Where transactions run, for a bus that blocks; one at a time. Default: on the thread that serves the
     * queue.
     */
    public I2cDeviceBuilder executor(Executor runsTransactions) {
        executor = runsTransactions;
        return this;
    }

    /**
     * How long a transaction on an {@linkplain #executor executor} may take. Then its requests are answered with
     * errors, and so are all that follow at once, until the bus comes back. Default: 3 seconds.
     */
    public I2cDeviceBuilder timeout(Duration most) {
        if (most.isNegative() || most.isZero()) {
            throw new IllegalArgumentException("a timeout is positive: timeout=" + most);
        }
        timeout = most;
        return this;
    }

    /** Replaces the system's time. */
    public I2cDeviceBuilder clock(DeviceClock newClock) {
        clock = newClock;
        return this;
    }

    /**
     * Learns what a bus threw, on the thread that ran the transaction; must not throw. Default: a warning in the
     * log.
     */
    public I2cDeviceBuilder onFault(Consumer<Throwable> listener) {
        onFault = listener;
        return this;
    }

    /** Creates the device. */
    public I2cDevice build() {
        return new I2cDevice(this);
    }

    I2cBus bus() {
        return bus;
    }

    int maxMessageBytes() {
        return maxMessageBytes;
    }

    int maxMessages() {
        return maxMessages;
    }

    long groupWait() {
        return groupWait.toNanos();
    }

    @Nullable Executor executor() {
        return executor;
    }

    long timeout() {
        return timeout.toNanos();
    }

    DeviceClock clock() {
        return clock;
    }

    /** What the embedder throws when it is told must not keep the driver from its answer. */
    void report(Throwable fault) {
        try {
            onFault.accept(fault);
        } catch (RuntimeException e) {
            LOG.error("onFault failed, it must not throw: fault={}", fault, e);
        }
    }
}
