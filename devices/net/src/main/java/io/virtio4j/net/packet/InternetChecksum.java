// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.packet;

import io.netty.buffer.ByteBuf;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The ones' complement sum of the Internet protocols (RFC 1071), eight bytes at a time.
 *
 * <p>A <em>sum</em> is a number that stands for 16-bit words in network byte order, added up. Sums may be
 * added to each other like numbers as long as they stay below 2^31, and {@link #fold} brings them back to
 * 16 bits. The <em>checksum</em> that a header holds is the complement of the sum. Of two parts, the second
 * counts as it is if the first has an even number of bytes, and {@linkplain #swap swapped} otherwise.
 */
public final class InternetChecksum {

    private static final VarHandle ARRAY =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final VarHandle BUFFER =
            MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final ValueLayout.OfLong SEGMENT = ValueLayout.JAVA_LONG_UNALIGNED;

    private static final boolean LITTLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    private static final long LOW = 0xFFFF_FFFFL;

    private InternetChecksum() {}

    /** Brings a sum back to 16 bits. Stays 0 if it is 0, and never becomes 0 otherwise. */
    public static int fold(int sum) {
        int once = (sum & 0xFFFF) + (sum >>> 16);
        return (once & 0xFFFF) + (once >>> 16);
    }

    /** The checksum that goes with a sum. */
    public static int checksum(int sum) {
        return ~fold(sum) & 0xFFFF;
    }

    /** As {@link #checksum}, for headers where 0 means that there is none: UDP. */
    public static int checksumNotZero(int sum) {
        int checksum = checksum(sum);
        return checksum == 0 ? 0xFFFF : checksum;
    }

    /** What a 16-bit sum is worth behind an odd number of bytes. */
    public static int swap(int sum) {
        return (sum & 0xFF) << 8 | sum >>> 8 & 0xFF;
    }

    /**
     * Mends a checksum after a word under it changed, without looking at the rest (RFC 1624).
     *
     * @param checksum of the header, 16 bits
     * @param was the word, 16 bits
     * @param is what it became, 16 bits
     * @return the new checksum
     */
    public static int update(int checksum, int was, int is) {
        return checksum((~checksum & 0xFFFF) + (~was & 0xFFFF) + is);
    }

    /**
     * Sums up bytes of a buffer, which does not change.
     *
     * @return 16 bits
     * @throws IndexOutOfBoundsException if they are not all inside of the buffer
     */
    public static int sum(ByteBuf buffer, int index, int length) {
        if (buffer.hasArray()) {
            if ((index | length) < 0 || length > buffer.capacity() - index) {
                throw new IndexOutOfBoundsException("index=" + index + " length=" + length
                        + " capacity=" + buffer.capacity());
            }
            return sum(buffer.array(), buffer.arrayOffset() + index, length);
        }
        if (buffer.nioBufferCount() == 1) {
            ByteBuffer bytes = buffer.internalNioBuffer(index, length);
            return sum(bytes, bytes.position(), length);
        }
        return sumOfParts(buffer, index, length);
    }

    private static int sum(byte[] bytes, int from, int length) {
        long sum = 0;
        int at = from;
        for (int end = from + (length & ~7); at < end; at += 8) {
            long word = (long) ARRAY.get(bytes, at);
            sum += (word & LOW) + (word >>> 32);
        }
        long tail = 0;
        for (int i = 0; i < (length & 7); i++) {
            tail |= lane(bytes[at + i], i);
        }
        return inNetworkOrder(sum, tail);
    }

    private static int sum(ByteBuffer bytes, int from, int length) {
        long sum = 0;
        int at = from;
        for (int end = from + (length & ~7); at < end; at += 8) {
            long word = (long) BUFFER.get(bytes, at);
            sum += (word & LOW) + (word >>> 32);
        }
        long tail = 0;
        for (int i = 0; i < (length & 7); i++) {
            tail |= lane(bytes.get(at + i), i);
        }
        return inNetworkOrder(sum, tail);
    }

    /**
     * Sums up bytes of a memory segment.
     *
     * @param length in bytes, below 2^32
     * @return 16 bits
     * @throws IndexOutOfBoundsException if they are not all inside of the segment
     */
    public static int sum(MemorySegment segment, long offset, long length) {
        long sum = 0;
        long at = offset;
        for (long end = offset + (length & ~7L); at < end; at += 8) {
            long word = segment.get(SEGMENT, at);
            sum += (word & LOW) + (word >>> 32);
        }
        long tail = 0;
        for (int i = 0; i < (length & 7); i++) {
            tail |= lane(segment.get(ValueLayout.JAVA_BYTE, at + i), i);
        }
        return inNetworkOrder(sum, tail);
    }

    /** A composite buffer has no one place where its bytes are. */
    private static int sumOfParts(ByteBuf buffer, int index, int length) {
        long sum = 0;
        int at = index;
        for (int end = index + (length & ~7); at < end; at += 8) {
            long word = LITTLE ? buffer.getLongLE(at) : buffer.getLong(at);
            sum += (word & LOW) + (word >>> 32);
        }
        long tail = 0;
        for (int i = 0; i < (length & 7); i++) {
            tail |= lane(buffer.getByte(at + i), i);
        }
        return inNetworkOrder(sum, tail);
    }

    /** Puts one of the last bytes where a load of eight would have put it. */
    private static long lane(byte value, int place) {
        return (value & 0xFFL) << 8 * (LITTLE ? place : 7 - place);
    }

    /** Words in the other byte order have the same sum in the other byte order. */
    private static int inNetworkOrder(long sum, long tail) {
        long all = sum + (tail & LOW) + (tail >>> 32);
        all = (all & LOW) + (all >>> 32);
        all = (all & LOW) + (all >>> 32);
        int folded = fold((int) (all & 0xFFFF) + (int) (all >>> 16));
        return LITTLE ? swap(folded) : folded;
    }
}
