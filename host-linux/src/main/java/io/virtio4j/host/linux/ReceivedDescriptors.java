// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The descriptors that came with one message, at most as many as the receiver wants. It owns each
 * until it is taken. {@link #clear} closes those that were not, and makes room for those of the
 * next message. Used by one thread.
 */
public final class ReceivedDescriptors implements AutoCloseable {
    /** The most descriptors that Linux passes with one message. */
    public static final int MAX = ControlMessage.MAX_DESCRIPTORS;

    private final @Nullable FileDescriptor[] slots;
    private int size;

    /**
     * Makes room for descriptors.
     *
     * @param capacity how many are accepted with one message, 0 to {@link #MAX}
     */
    public ReceivedDescriptors(int capacity) {
        if (capacity < 0 || capacity > MAX) {
            throw new IllegalArgumentException("received descriptors: capacity=" + capacity
                    + " limit=" + MAX);
        }
        slots = new @Nullable FileDescriptor[capacity];
    }

    /** {@return how many are accepted} */
    public int capacity() {
        return slots.length;
    }

    /** {@return how many came, taken or not} */
    public int size() {
        return size;
    }

    /**
     * Hands a descriptor over to the caller, who must close it.
     *
     * @param index in the order in which they were sent
     * @return the descriptor, owned by the caller
     * @throws IndexOutOfBoundsException if fewer came
     * @throws IllegalStateException if it was taken before
     */
    public FileDescriptor take(int index) {
        FileDescriptor descriptor = slots[Objects.checkIndex(index, size)];
        if (descriptor == null) {
            throw new IllegalStateException("received descriptors: taken before: index=" + index);
        }
        slots[index] = null;
        return descriptor;
    }

    /** Adds a descriptor that the kernel has just made; the caller has left room for it. */
    void add(int fd) {
        slots[size++] = new FileDescriptor(fd);
    }

    void requireEmpty() {
        if (size != 0) {
            throw new IllegalStateException("received descriptors: size=" + size
                    + ": those of the message before are still here, clear() first");
        }
    }

    /** Closes every descriptor that was not taken, and is ready for the next message. */
    public void clear() {
        for (int i = 0; i < size; i++) {
            FileDescriptor descriptor = slots[i];
            if (descriptor != null) {
                descriptor.close();
                slots[i] = null;
            }
        }
        size = 0;
    }

    /** As {@link #clear}. */
    @Override
    public void close() {
        clear();
    }

    @Override
    public String toString() {
        return "received descriptors: size=" + size + " capacity=" + slots.length;
    }
}
