// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/**
 * The messages of a transaction for {@link I2cAdapter#transfer}, in native memory that is used again for the
 * next: {@code struct i2c_rdwr_ioctl_data}, and a {@code struct i2c_msg} for each. Used by one thread at a time.
 */
public final class I2cMessages {
    /** The most messages of a transaction. */
    public static final int MOST_MESSAGES = 42;
    /** The most bytes of a message. */
    public static final int MOST_BYTES = 8192;

    /** The target sends. */
    public static final int READ = 0x0001;
    /** The address has 10 bits. */
    public static final int TEN_BIT = 0x0010;

    static final StructLayout MESSAGE = CStruct.of("i2c_msg", 16,
            JAVA_SHORT.withName("addr"),
            JAVA_SHORT.withName("flags"),
            JAVA_SHORT.withName("len"),
            MemoryLayout.paddingLayout(2),
            JAVA_LONG.withName("buf"));
    static final StructLayout TRANSACTION = CStruct.of("i2c_rdwr_ioctl_data", 16,
            JAVA_LONG.withName("msgs"),
            JAVA_INT.withName("nmsgs"),
            MemoryLayout.paddingLayout(4));

    private static final long ADDRESS = CStruct.offset(MESSAGE, "addr");
    private static final long FLAGS = CStruct.offset(MESSAGE, "flags");
    private static final long LENGTH = CStruct.offset(MESSAGE, "len");
    private static final long BUFFER = CStruct.offset(MESSAGE, "buf");
    private static final long MESSAGES = CStruct.offset(TRANSACTION, "msgs");
    private static final long COUNT = CStruct.offset(TRANSACTION, "nmsgs");

    private final MemorySegment transaction;
    private final MemorySegment messages;
    private final MemorySegment data;
    private int count;

    /** Allocates room for as much as Linux takes, which lives as long as this object. */
    public I2cMessages() {
        Arena arena = Arena.ofAuto();
        transaction = arena.allocate(TRANSACTION);
        messages = arena.allocate(MESSAGE, MOST_MESSAGES);
        data = arena.allocate((long) MOST_MESSAGES * MOST_BYTES);
    }

    /** Begins another transaction. */
    public void clear() {
        count = 0;
    }

    /** {@return how many messages were added} */
    public int count() {
        return count;
    }

    /**
     * Adds a message.
     *
     * @param address of the target; 7 bits, or 10 with {@link #TEN_BIT}
     * @param flags {@link #READ} and {@link #TEN_BIT}
     * @param length in bytes, up to {@link #MOST_BYTES}
     * @return the place of its bytes in {@link #data()}
     */
    public long add(int address, int flags, int length) {
        if (count == MOST_MESSAGES || length < 0 || length > MOST_BYTES) {
            throw new IllegalArgumentException("a transaction has up to 42 messages of up to 8192 bytes: messages="
                    + count + " length=" + length);
        }
        long place = place(count);
        long at = count * MESSAGE.byteSize();
        messages.set(JAVA_SHORT, at + ADDRESS, (short) address);
        messages.set(JAVA_SHORT, at + FLAGS, (short) flags);
        messages.set(JAVA_SHORT, at + LENGTH, (short) length);
        messages.set(JAVA_LONG, at + BUFFER, data.address() + place);
        count++;
        return place;
    }

    /** {@return the place of a message's bytes in {@link #data()}} */
    public long place(int index) {
        return (long) index * MOST_BYTES;
    }

    /** {@return the bytes of all messages: to be filled for writes before the transfer, and read after it} */
    public MemorySegment data() {
        return data;
    }

    /** {@return the argument of {@code I2C_RDWR}: what the kernel is given} */
    public MemorySegment argument() {
        transaction.set(JAVA_LONG, MESSAGES, messages.address());
        transaction.set(JAVA_INT, COUNT, count);
        return transaction;
    }

    @Override
    public String toString() {
        return "I2cMessages[count=" + count + "]";
    }
}
