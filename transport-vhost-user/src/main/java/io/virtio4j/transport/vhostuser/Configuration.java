// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.core.wire.Le32;
import io.virtio4j.core.wire.StructLayout;

/** The front-end reads and writes the configuration space. [Virtio device config space] */
final class Configuration {

    private static final StructLayout LAYOUT = StructLayout.of("virtio device config space");
    private static final Le32 OFFSET = LAYOUT.le32("offset");
    private static final Le32 LENGTH = LAYOUT.le32("size");
    private static final Le32 FLAGS = LAYOUT.le32("flags");
    private static final int HEADER = LAYOUT.size(12);

    private static final int DATA = Message.HEADER + HEADER;

    /** Messages that are part of a migration write what the driver could not. */
    private static final int MIGRATION = 1;

    /** A device that changes its configuration all the time is read as it is. */
    private static final int ATTEMPTS = 8;

    private final DeviceInstance device;

    Configuration(DeviceInstance device) {
        this.device = device;
    }

    /** > uses zero length of payload to indicate an error */
    int read(Message message) throws Refusal {
        int length = check(message);
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            int generation = device.configGeneration();
            pieces(message, length, (at, width) -> {
                long value = device.readConfig(at, width);
                for (int i = 0; i < width; i++) {
                    message.bytes().set(JAVA_BYTE, DATA + at - offset(message) + i, (byte) (value >>> 8 * i));
                }
            });
            if (device.configGeneration() == generation) {
                break;
            }
        }
        return message.payloadLength();
    }

    void write(Message message) throws Refusal {
        int length = check(message);
        long flags = message.get(FLAGS);
        if (flags > MIGRATION) {
            throw new Refusal("configuration: flags=0x" + Long.toHexString(flags));
        }
        pieces(message, length, (at, width) -> {
            long value = 0;
            for (int i = 0; i < width; i++) {
                long part = Byte.toUnsignedLong(message.bytes().get(JAVA_BYTE, DATA + at - offset(message) + i));
                value |= part << 8 * i;
            }
            // > MUST NOT accept SET_CONFIG for read-only configuration space fields: they stay as they are.
            device.writeConfig(at, width, value);
        });
    }

    private static int offset(Message message) {
        return (int) message.get(OFFSET);
    }

    private int check(Message message) throws Refusal {
        if (message.payloadLength() < HEADER) {
            throw new Refusal("configuration: payload=" + message.payloadLength() + " least=" + HEADER);
        }
        long offset = message.get(OFFSET);
        long length = message.get(LENGTH);
        if (offset + length > device.configSize() || message.payloadLength() != HEADER + length) {
            throw new Refusal("configuration: offset=" + offset + " size=" + length + " payload="
                    + message.payloadLength() + " device has=" + device.configSize());
        }
        return (int) length;
    }

    private interface Access {
        void at(int offset, int width);
    }

    /** Goes through a range in the largest aligned accesses, so that fields are read and written whole. */
    private static void pieces(Message message, int length, Access access) {
        int end = offset(message) + length;
        for (int at = offset(message); at < end; ) {
            int width = at == 0 ? 8 : Math.min(8, Integer.lowestOneBit(at));
            while (width > end - at) {
                width >>= 1;
            }
            access.at(at, width);
            at += width;
        }
    }
}
