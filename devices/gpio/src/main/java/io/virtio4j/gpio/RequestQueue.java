// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio;

import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.queue.ChainWriter;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The request queue: messages are served and answered one after the other, in the order in which they came.
 * [requestq Operation]
 */
final class RequestQueue implements QueueHandler {

    private static final int MSG_GET_LINE_NAMES = 0x0001;
    private static final int MSG_GET_DIRECTION = 0x0002;
    private static final int MSG_SET_DIRECTION = 0x0003;
    private static final int MSG_GET_VALUE = 0x0004;
    private static final int MSG_SET_VALUE = 0x0005;
    private static final int MSG_SET_IRQ_TYPE = 0x0006;

    private static final int STATUS_OK = 0;
    private static final int STATUS_ERR = 1;

    /** {@code struct virtio_gpio_response}: status and value. */
    private static final int RESPONSE = 2;

    /** What a message came to, beside a value to answer with: 0 to 255. */
    private static final int FAILED = -1;

    private final GpioDevice device;
    private final Lines lines;
    private final VirtQueue virtQueue;

    /** Whether an answer waits for the event queue, and messages behind it with it. */
    private enum Wait { NONE, FOR_RETURN, FOR_COLLECTION }

    private Wait wait = Wait.NONE;

    /** The answer that waits; written. */
    private @Nullable DescriptorChain answer;

    /** The event queue has returned what it had to, and completed the chain of the answer. */
    private volatile boolean returned;

    /** The message that is served now has masked a line, whose buffer is to be returned first. */
    private boolean disabled;

    RequestQueue(GpioDevice device, VirtQueue virtQueue) {
        this.device = device;
        this.lines = device.lines();
        this.virtQueue = virtQueue;
    }

    @Override
    public void service(VirtQueue queue) {
        if (wait == Wait.FOR_RETURN && returned) {
            // This turn may have begun before the completion, which is collected with the next one.
            wait = Wait.FOR_COLLECTION;
            queue.wake();
        } else if (wait != Wait.FOR_RETURN) {
            wait = Wait.NONE;
            queue.drain(this);
        }
    }

    @Override
    public void handle(DescriptorChain chain) {
        if (wait != Wait.NONE) {
            chain.putBack();
            return;
        }
        if (chain.writer().length() == 0) {
            throw new ChainFault("message without room for status: queue=" + virtQueue.name());
        }
        device.counts().count(GpioCounter.MESSAGES);
        disabled = false;
        serve(chain);
        EventQueue events = disabled ? device.events() : null;
        if (events == null) {
            chain.complete();
        } else {
            // A driver that reads the answer finds its event buffer returned.
            returned = false;
            wait = Wait.FOR_RETURN;
            answer = chain;
            chain.defer();
            events.answerWhenReturned(this);
        }
    }

    /** The event queue has returned what it had to. Any thread. */
    void returned() {
        DescriptorChain answered = Objects.requireNonNull(answer);
        answer = null;
        answered.complete();
        returned = true;
        virtQueue.wake();
    }

    private void serve(DescriptorChain chain) {
        ChainReader reader = chain.reader();
        ChainWriter writer = chain.writer();
        int type = 0;
        int line = 0;
        long value = 0;
        boolean understood = false;
        try {
            type = reader.readLe16();
            line = reader.readLe16();
            value = reader.readLe32();
            understood = line < lines.count() && !chain.hasUnmapped();
        } catch (ChainFault e) {
            // Shorter than a message, or not in memory: answered below.
        }
        if (understood && type == MSG_GET_LINE_NAMES) {
            answerNames(writer);
            return;
        }
        // Nothing is done whose result cannot be told.
        understood &= writer.length() >= RESPONSE;
        answer(writer, understood ? execute(type, line, value) : FAILED);
    }

    /** > The device MUST set all the fields of the struct virtio_gpio_response [requestq Operation] */
    private void answer(ChainWriter writer, int result) {
        if (result == FAILED) {
            device.counts().count(GpioCounter.ERRORS);
        }
        writer.writeU8(result == FAILED ? STATUS_ERR : STATUS_OK);
        if (writer.remaining() > 0) {
            writer.writeU8(Math.max(0, result));
        }
    }

    /** [requestq Operation / Get Line Names] */
    private void answerNames(ChainWriter writer) {
        byte[] names = device.names();
        if (names.length == 0 || writer.length() < 1L + names.length) {
            answer(writer, FAILED);
            return;
        }
        writer.writeU8(STATUS_OK);
        writer.write(names);
    }

    private int execute(int type, int line, long value) {
        try {
            return switch (type) {
                case MSG_GET_DIRECTION -> lines.direction(line).code();
                case MSG_SET_DIRECTION -> setDirection(line, GpioDirection.of(value));
                case MSG_GET_VALUE -> getValue(line);
                case MSG_SET_VALUE -> setValue(line, value);
                case MSG_SET_IRQ_TYPE -> setIrqType(line, GpioTrigger.of(value));
                default -> FAILED;
            };
        } catch (IOException | RuntimeException e) {
            device.backendFailed(line, e);
            return FAILED;
        }
    }

    /** [requestq Operation / Set Direction] */
    private int setDirection(int line, @Nullable GpioDirection direction) throws IOException {
        if (direction == null) {
            return FAILED;
        }
        switch (direction) {
            case NONE -> release(line);
            case IN -> device.backend().input(line);
            case OUT -> {
                // An output does not interrupt.
                if (lines.trigger(line) != GpioTrigger.NONE) {
                    return FAILED;
                }
                // > at which point this output value must be used by the device for the line
                device.backend().output(line, lines.output(line));
            }
        }
        lines.direction(line, direction);
        return 0;
    }

    /** > The device MUST discard all state information corresponding to a GPIO line */
    private void release(int line) throws IOException {
        disable(line);
        lines.forget(line);
        device.backend().release(line);
    }

    /** [requestq Operation / Get Value] */
    private int getValue(int line) throws IOException {
        // A line is sensed once it is activated, by a direction.
        if (lines.direction(line) == GpioDirection.NONE) {
            return FAILED;
        }
        return device.backend().isHigh(line) ? 1 : 0;
    }

    /** [requestq Operation / Set Value] */
    private int setValue(int line, long value) throws IOException {
        if (value > 1) {
            return FAILED;
        }
        boolean high = value == 1;
        // > The line may already be configured for output or may get configured to output later
        if (lines.direction(line) == GpioDirection.OUT) {
            device.backend().output(line, high);
        }
        lines.output(line, high);
        return 0;
    }

    /** [requestq Operation / Set IRQ Type] */
    private int setIrqType(int line, @Nullable GpioTrigger trigger) throws IOException {
        // > This request is allowed only if the VIRTIO_GPIO_F_IRQ feature has been negotiated.
        if (trigger == null || !device.hasInterrupts()) {
            return FAILED;
        }
        GpioTrigger before = lines.trigger(line);
        if (trigger == GpioTrigger.NONE) {
            disable(line);
            return 0;
        }
        // > The driver MUST NOT send IRQ messages for a GPIO line configured for output.
        if (lines.direction(line) == GpioDirection.OUT) {
            return FAILED;
        }
        if (before == GpioTrigger.NONE) {
            enable(line, trigger);
            return 0;
        }
        // > in order to change the trigger type [...] the driver MUST first disable the interrupt
        return before == trigger ? 0 : FAILED;
    }

    /** > the device should latch the interrupt events from this point onward */
    private void enable(int line, GpioTrigger trigger) throws IOException {
        // What the backend reports counts from its first moment on.
        lines.trigger(line, trigger);
        try {
            device.backend().watch(line, trigger);
        } catch (IOException | RuntimeException e) {
            lines.trigger(line, GpioTrigger.NONE);
            throw e;
        } finally {
            device.look(line);
        }
    }

    /** > The device MUST discard any latched interrupt [...], once interrupt is disabled */
    private void disable(int line) throws IOException {
        boolean enabled = lines.trigger(line) != GpioTrigger.NONE;
        lines.trigger(line, GpioTrigger.NONE);
        if (device.hasInterrupts()) {
            disabled = true;
            device.look(line);
        }
        if (enabled) {
            device.backend().watch(line, GpioTrigger.NONE);
        }
    }
}
