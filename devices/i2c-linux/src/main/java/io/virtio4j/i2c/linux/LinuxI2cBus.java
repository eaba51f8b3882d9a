// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c.linux;

import io.virtio4j.host.linux.Errno;
import io.virtio4j.host.linux.I2cAdapter;
import io.virtio4j.host.linux.I2cMessages;
import io.virtio4j.i2c.I2cAddress;
import io.virtio4j.i2c.I2cBus;
import io.virtio4j.i2c.I2cMessage;
import io.virtio4j.i2c.I2cOutcome;
import io.virtio4j.i2c.I2cTransaction;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Collection;

/**
 * An I2C bus of the host, through Linux's i2c-dev: each transaction is one {@code I2C_RDWR}. The guest reaches the
 * targets that it is given, and no others; the host should not use those meanwhile.
 *
 * <pre>{@code
 * LinuxI2cBus bus = LinuxI2cBus.open(Path.of("/dev/i2c-1"), List.of(I2cAddress.of(0x48)));
 * I2cDevice adapter = I2cDevice.of(bus).executor(executor).build();
 * }</pre>
 *
 * <p>A transfer blocks until Linux's driver has made it or given up: let the device run it on an executor of its
 * own. Linux does not say which message of a transaction failed, so all of them are answered with an error.
 *
 * <p>Needs Linux, and Java with {@code --enable-native-access=io.virtio4j.host.linux}.
 */
public final class LinuxI2cBus implements I2cBus, AutoCloseable {

    /** What runs a transaction; 0, or the error number. */
    interface Transfer {
        int run(I2cMessages messages) throws IOException;
    }

    private final I2cMessages messages = new I2cMessages();
    private final BitSet allowed = new BitSet(I2cAddress.COUNT);
    private final boolean tenBit;
    private final Transfer transfer;
    private final Runnable close;

    /** With something in place of the adapter. */
    LinuxI2cBus(Collection<I2cAddress> targets, boolean tenBit, Transfer transfer, Runnable close) {
        targets.forEach(target -> allowed.set(target.index()));
        this.tenBit = tenBit;
        this.transfer = transfer;
        this.close = close;
        if (!tenBit && targets.stream().anyMatch(I2cAddress::tenBit)) {
            throw new IllegalArgumentException("the host's adapter does not know addresses of 10 bits: targets="
                    + targets);
        }
    }

    /**
     * Opens a bus.
     *
     * @param path such as {@code /dev/i2c-1}
     * @param targets what the guest may reach; nothing acknowledges the other addresses
     * @throws IOException if it cannot be opened, or does SMBus only
     * @throws IllegalArgumentException if a target has 10 bits and the adapter's driver does not know them
     */
    public static LinuxI2cBus open(Path path, Collection<I2cAddress> targets) throws IOException {
        I2cAdapter adapter = I2cAdapter.open(path);
        try {
            return new LinuxI2cBus(targets, adapter.knowsTenBitAddresses(), adapter::transfer, adapter::close);
        } catch (IllegalArgumentException refused) {
            adapter.close();
            throw refused;
        }
    }

    @Override
    public I2cOutcome transfer(I2cTransaction transaction) throws IOException {
        int size = transaction.size();
        if (size > I2cMessages.MOST_MESSAGES) {
            return I2cOutcome.UNSUPPORTED;
        }
        messages.clear();
        for (int i = 0; i < size; i++) {
            I2cMessage message = transaction.message(i);
            if (!allowed.get(I2cAddress.index(message))) {
                return I2cOutcome.ADDRESS_NACK;
            }
            if (message.length() > I2cMessages.MOST_BYTES || message.isTenBit() && !tenBit) {
                return I2cOutcome.UNSUPPORTED;
            }
            add(message);
        }
        I2cOutcome outcome = outcome(transfer.run(messages));
        if (outcome == I2cOutcome.OK) {
            takeRead(transaction);
        }
        return outcome;
    }

    private void add(I2cMessage message) {
        int flags = (message.isRead() ? I2cMessages.READ : 0) | (message.isTenBit() ? I2cMessages.TEN_BIT : 0);
        long place = messages.add(message.address(), flags, message.length());
        if (!message.isRead()) {
            MemorySegment.copy(MemorySegment.ofArray(message.data()), 0, messages.data(), place, message.length());
        }
    }

    private void takeRead(I2cTransaction transaction) {
        for (int i = 0; i < transaction.size(); i++) {
            I2cMessage message = transaction.message(i);
            if (message.isRead()) {
                MemorySegment.copy(messages.data(), messages.place(i), MemorySegment.ofArray(message.data()), 0,
                        message.length());
            }
            transaction.done();
        }
    }

    /** As Linux's drivers use error numbers, by the kernel's list of I2C fault codes. */
    static I2cOutcome outcome(int error) throws IOException {
        return switch (Errno.of(error)) {
            // No message of that kind tells an address from a byte.
            case ENXIO, EREMOTEIO -> I2cOutcome.ADDRESS_NACK;
            case EAGAIN -> I2cOutcome.ARBITRATION_LOST;
            case EBUSY, ETIMEDOUT -> I2cOutcome.BUS_STUCK;
            case EOPNOTSUPP, EINVAL, EPROTO -> I2cOutcome.UNSUPPORTED;
            case EIO, EINTR -> I2cOutcome.FAILED;
            case UNKNOWN -> {
                if (error == 0) {
                    yield I2cOutcome.OK;
                }
                throw broken(error);
            }
            default -> throw broken(error);
        };
    }

    private static IOException broken(int error) {
        return new IOException("ioctl: request=I2C_RDWR errno=" + Errno.of(error) + "(" + error + ")");
    }

    @Override
    public void close() {
        close.run();
    }

    @Override
    public String toString() {
        return "LinuxI2cBus[targets=" + allowed.cardinality() + "]";
    }
}
