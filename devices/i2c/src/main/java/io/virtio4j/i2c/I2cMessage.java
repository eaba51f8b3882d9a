// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.queue.ChainWriter;
import java.lang.foreign.MemorySegment;

/**
 * One message of a transaction: a (repeated) START, an address, and bytes in one direction.
 *
 * <p>Belongs to its transaction, and is used again: keep no reference to it or to its {@link #data()}.
 */
public final class I2cMessage {

    private static final byte[] NONE = {};

    private final int most;
    private byte[] data = NONE;
    private MemorySegment segment = MemorySegment.ofArray(NONE);
    private int address;
    private boolean tenBit;
    private boolean read;
    private int length;

    /** Room for so many bytes. */
    I2cMessage(int most) {
        this.most = most;
    }

    /** Begins another message. The room is made once, whatever the length is. */
    void begin(I2cHeader header, int bytes) {
        address = header.address();
        tenBit = header.isTenBit();
        read = header.isRead();
        length = bytes;
        if (bytes > 0 && data.length == 0) {
            data = new byte[most];
            segment = MemorySegment.ofArray(data);
        }
    }

    /** Copies the bytes of a write out of the request: the driver cannot change them any more. */
    void load(ChainReader in) {
        if (!read) {
            in.read(segment, 0, length);
        }
    }

    /** Copies the bytes of a read into the request. */
    void store(ChainWriter out) {
        if (read) {
            out.write(segment, 0, length);
        }
    }

    /** The target's address; 0 to 127, or 0 to 1023 if it {@linkplain #isTenBit() has 10 bits}. */
    public int address() {
        return address;
    }

    /** Whether the address has 10 bits. */
    public boolean isTenBit() {
        return tenBit;
    }

    /** Whether the target sends the bytes. */
    public boolean isRead() {
        return read;
    }

    /** How many bytes; 0 for nothing but the address. */
    public int length() {
        return length;
    }

    /**
     * The bytes, from index 0; the array may be longer than {@link #length()}. Of a read, they are to be put
     * there; what is there before is not to be looked at.
     */
    public byte[] data() {
        return data;
    }

    @Override
    public String toString() {
        return (read ? "read" : "write") + " address=0x" + Integer.toHexString(address)
                + (tenBit ? "/10" : "") + " length=" + length;
    }
}
