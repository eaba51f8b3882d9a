// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.StructLayout;
import io.virtio4j.host.linux.Errno;
import io.virtio4j.host.linux.EventFd;
import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.host.linux.ReceivedDescriptors;
import io.virtio4j.transport.pci.PciInterrupts;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The interrupts of a function: an eventfd of the client's for each MSI-X vector, and one for INTx.
 * Interrupting takes no lock and allocates nothing; the client's messages change the table meanwhile.
 * [{@code VFIO_USER_DEVICE_GET_IRQ_INFO}], [{@code VFIO_USER_DEVICE_SET_IRQS}]
 *
 * <p>INTx is a level that masks itself: an assertion is signalled once, and then not before the client
 * unmasks it, when it is signalled again if it is still asserted. An interrupt on a vector that has no
 * eventfd is kept until it gets one, as the pending bit of a masked vector is.
 */
final class InterruptTable implements PciInterrupts {

    private static final int INTX = 0;
    private static final int MSIX = 2;

    /** The largest MSI-X table. [PCI] */
    static final int MOST_VECTORS = 2048;

    private static final int ERRORS = 3;

    /** INTx, MSI, MSI-X, errors, requests to give the device back. */
    static final int TYPES = 5;

    private static final StructLayout INFO = StructLayout.of("vfio_irq_info");
    private static final Le32 INFO_ARGSZ = INFO.le32("argsz");
    private static final Le32 INFO_FLAGS = INFO.le32("flags");
    private static final Le32 INFO_INDEX = INFO.le32("index");
    private static final Le32 INFO_COUNT = INFO.le32("count");
    private static final int INFO_SIZE = INFO.size(16);

    private static final int INFO_EVENTFD = 1;
    private static final int INFO_MASKABLE = 1 << 1;
    private static final int INFO_AUTOMASKED = 1 << 2;

    private static final StructLayout SET = StructLayout.of("vfio_irq_set");
    private static final Le32 SET_ARGSZ = SET.le32("argsz");
    private static final Le32 SET_FLAGS = SET.le32("flags");
    private static final Le32 SET_INDEX = SET.le32("index");
    private static final Le32 SET_START = SET.le32("start");
    private static final Le32 SET_COUNT = SET.le32("count");
    private static final int SET_SIZE = SET.size(20);

    private static final int DATA_NONE = 1;
    private static final int DATA_BOOL = 1 << 1;
    private static final int DATA_EVENTFD = 1 << 2;
    private static final int DATA = DATA_NONE | DATA_BOOL | DATA_EVENTFD;
    private static final int ACTION_MASK = 1 << 3;
    private static final int ACTION_UNMASK = 1 << 4;
    private static final int ACTION_TRIGGER = 1 << 5;
    private static final int ACTION = ACTION_MASK | ACTION_UNMASK | ACTION_TRIGGER;

    // The state of the pin.
    private static final int ASSERTED = 1;
    private static final int MASKED = 1 << 1;

    private final AtomicReferenceArray<@Nullable EventFd> vectors = new AtomicReferenceArray<>(MOST_VECTORS);
    private final AtomicIntegerArray pending = new AtomicIntegerArray(MOST_VECTORS);
    private int vectorCount;

    private boolean hasIntx;
    private static final VarHandle PIN;

    static {
        try {
            PIN = MethodHandles.lookup().findVarHandle(InterruptTable.class, "pin", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("unused") // by PIN
    private volatile int pin;
    private volatile @Nullable EventFd pinEvent;
    private @Nullable EventFd unmaskEvent;

    /** What the function has; it was made with this table, so the table cannot know before. */
    void describe(VfioUserFunction function) {
        hasIntx = function.hasIntx();
        vectorCount = function.msixVectors();
    }

    // ── From the function: any thread ──────────────────────────────────────

    @Override
    public void message(int vector, long address, int data) {
        EventFd event = vectors.get(vector);
        if (event != null && signal(event)) {
            return;
        }
        pending.set(vector, 1);
        release(vector);
    }

    /** Signals what is pending. Whoever sets the eventfd or the pending bit does so first, then comes here. */
    private void release(int vector) {
        EventFd event = vectors.get(vector);
        while (event != null && pending.compareAndSet(vector, 1, 0)) {
            if (signal(event)) {
                return;
            }
            // Replaced, and closed, meanwhile.
            pending.set(vector, 1);
            event = vectors.get(vector);
        }
    }

    @Override
    public void intx(boolean asserted) {
        if (asserted) {
            PIN.getAndBitwiseOr(this, ASSERTED);
            releasePin();
        } else {
            PIN.getAndBitwiseAnd(this, ~ASSERTED);
        }
    }

    /** Signals an asserted pin unless it is masked, and masks it. */
    private void releasePin() {
        EventFd event = pinEvent;
        while (event != null && PIN.compareAndSet(this, ASSERTED, ASSERTED | MASKED)) {
            if (signal(event)) {
                return;
            }
            PIN.getAndBitwiseAnd(this, ~MASKED);
            event = pinEvent;
        }
    }

    /** Whether it was not closed before. */
    private static boolean signal(EventFd event) {
        try {
            event.signal();
            return true;
        } catch (LinuxException closed) {
            return false;
        }
    }

    // ── From the client: the thread of the connection ──────────────────────

    int info(Message message) throws Refusal {
        message.requireNoDescriptors();
        message.requirePayloadAndRoom(INFO_SIZE, INFO_ARGSZ);
        int index = index(message.get(INFO_INDEX));
        if (index == ERRORS) {
            // As Linux's VFIO does for functions without error reporting. QEMU warns of any other answer.
            throw Refusal.notOffered(Errno.EINVAL, "interrupt for errors");
        }
        message.set(INFO_ARGSZ, INFO_SIZE);
        message.set(INFO_FLAGS, switch (index) {
            case INTX -> INFO_EVENTFD | INFO_MASKABLE | INFO_AUTOMASKED;
            case MSIX -> INFO_EVENTFD;
            default -> 0;
        });
        message.set(INFO_COUNT, count(index));
        return INFO_SIZE;
    }

    private static int index(long index) throws Refusal {
        if (index >= TYPES) {
            throw Refusal.invalid("no such interrupt type: index=" + index + " types=" + TYPES);
        }
        return (int) index;
    }

    private int count(int index) {
        return switch (index) {
            case INTX -> hasIntx ? 1 : 0;
            case MSIX -> vectorCount;
            default -> 0;
        };
    }

    int set(Message message) throws Refusal {
        if (message.payloadLength() < SET_SIZE || message.get(SET_ARGSZ) != message.payloadLength()) {
            throw Refusal.invalid("interrupts: length=" + message.payloadLength() + " argsz="
                    + (message.payloadLength() < SET_SIZE ? "none" : message.get(SET_ARGSZ)));
        }
        int flags = (int) message.get(SET_FLAGS);
        int index = index(message.get(SET_INDEX));
        long start = message.get(SET_START);
        long count = message.get(SET_COUNT);
        if ((flags & ~(DATA | ACTION)) != 0 || Integer.bitCount(flags & DATA) != 1
                || Integer.bitCount(flags & ACTION) != 1) {
            throw Refusal.invalid("interrupts: flags=0x" + Integer.toHexString(flags));
        }
        if (count == 0 ? start != 0 || flags != (DATA_NONE | ACTION_TRIGGER)
                : start > count(index) || count > count(index) - start) {
            throw Refusal.invalid("interrupts: index=" + index + " flags=0x" + Integer.toHexString(flags)
                    + " start=" + start + " count=" + count + " there=" + count(index));
        }
        message.requirePayload((flags & DATA_BOOL) != 0 ? SET_SIZE + (int) count : SET_SIZE);
        if ((flags & DATA_EVENTFD) != 0) {
            assign(flags, index, (int) start, (int) count, message.descriptors());
            return 0;
        }
        message.requireNoDescriptors();
        if (count == 0) {
            disable(index);
        } else {
            act(message, index, (int) start, (int) count);
        }
        return 0;
    }

    /** Masks, unmasks or triggers. */
    private void act(Message message, int index, int start, int count) throws Refusal {
        int flags = (int) message.get(SET_FLAGS);
        int action = flags & ACTION;
        if (index != INTX && action != ACTION_TRIGGER) {
            throw Refusal.invalid("interrupts cannot be masked here: index=" + index);
        }
        for (int i = 0; i < count; i++) {
            boolean chosen = (flags & DATA_NONE) != 0
                    || message.bytes().get(JAVA_BYTE,
                            Message.HEADER + SET_SIZE + i) != 0;
            if (chosen && action == ACTION_TRIGGER) {
                trigger(index, start + i);
            } else if (chosen) {
                maskPin(action == ACTION_MASK);
            }
        }
    }

    /** What the client asks for arrives where an interrupt of the device would; without eventfd, nowhere. */
    private void trigger(int index, int number) {
        EventFd event = index == INTX ? pinEvent : vectors.get(number);
        if (event != null) {
            signal(event);
        }
    }

    private void maskPin(boolean masked) {
        if (masked) {
            PIN.getAndBitwiseOr(this, MASKED);
        } else {
            PIN.getAndBitwiseAnd(this, ~MASKED);
            releasePin();
        }
    }

    // ── Eventfds ───────────────────────────────────────────────────────────

    /** Gives interrupts their eventfds, or takes them away if none came: all, or none if one is bad. */
    private void assign(int flags, int index, int start, int count, ReceivedDescriptors received)
            throws Refusal {
        if (received.size() != 0 && received.size() != count) {
            throw Refusal.invalid("interrupts: descriptors=" + received.size() + " count=" + count);
        }
        if ((flags & ACTION_TRIGGER) == 0 && (index != INTX || (flags & ACTION_MASK) != 0)) {
            throw Refusal.invalid("no eventfd can do this to the interrupt: index=" + index + " flags=0x"
                    + Integer.toHexString(flags));
        }
        List<EventFd> events = eventFds(received);
        for (int i = 0; i < count; i++) {
            EventFd event = events.isEmpty() ? null : events.get(i);
            if (index == MSIX) {
                replaceVector(start + i, event);
            } else if ((flags & ACTION_TRIGGER) != 0) {
                replacePin(event);
            } else {
                replaceUnmask(event);
            }
        }
    }

    private static List<EventFd> eventFds(ReceivedDescriptors received) throws Refusal {
        List<EventFd> events = new ArrayList<>(received.size());
        for (int i = 0; i < received.size(); i++) {
            FileDescriptor descriptor = received.take(i);
            try {
                events.add(EventFd.of(descriptor));
            } catch (IOException e) {
                descriptor.close();
                events.forEach(EventFd::close);
                throw Refusal.invalid(String.valueOf(e.getMessage()));
            }
        }
        return events;
    }

    private void replaceVector(int vector, @Nullable EventFd event) {
        EventFd before = vectors.getAndSet(vector, event);
        release(vector);
        close(before);
    }

    private void replacePin(@Nullable EventFd event) {
        EventFd before = pinEvent;
        pinEvent = event;
        releasePin();
        close(before);
    }

    private void replaceUnmask(@Nullable EventFd event) {
        EventFd before = unmaskEvent;
        unmaskEvent = event;
        close(before);
    }

    private static void close(@Nullable EventFd event) {
        if (event != null) {
            event.close();
        }
    }

    private void disable(int index) {
        if (index == INTX) {
            replacePin(null);
            replaceUnmask(null);
            PIN.getAndBitwiseAnd(this, ~MASKED);
        } else if (index == MSIX) {
            for (int vector = 0; vector < vectorCount; vector++) {
                replaceVector(vector, null);
                pending.set(vector, 0);
            }
        }
    }

    /** Forgets what is pending: the function was reset. */
    void reset() {
        for (int vector = 0; vector < vectorCount; vector++) {
            pending.set(vector, 0);
        }
    }

    /** The client is gone. */
    void clear() {
        disable(INTX);
        disable(MSIX);
    }

    /** The client's eventfd that unmasks INTx, as KVM signals when a guest has dealt with the interrupt. */
    @Nullable EventFd unmaskEvent() {
        return unmaskEvent;
    }

    /** The eventfd that unmasks INTx may have been signalled. */
    void unmaskIfSignalled() throws LinuxException {
        EventFd event = unmaskEvent;
        if (event != null && event.tryRead() != 0) {
            maskPin(false);
        }
    }
}
