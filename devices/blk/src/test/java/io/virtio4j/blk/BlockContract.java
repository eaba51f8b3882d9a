// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.testkit.DeviceContract;
import io.virtio4j.testkit.Submitted;

/** What holds for every block device, whatever stores its data. */
abstract class BlockContract extends DeviceContract {

    static final int SIZE = 1 << 20;

    private static final int BYTES = 1536;

    @Override
    protected Request request(int number) {
        long sector = number * 3L;
        return switch (number % 4) {
            case 0 -> request(Disk.OUT, sector, Disk.pattern(number, BYTES), 0);
            case 1 -> request(Disk.IN, sector, new byte[0], BYTES);
            case 2 -> request(Disk.FLUSH, 0, new byte[0], 0);
            default -> request(Disk.GET_ID, 0, new byte[0], 20);
        };
    }

    private static Request request(int type, long sector, byte[] data, int toDriver) {
        return new Request(0, Disk.bytes(type, sector, data), toDriver + 1,
                done -> check(done, toDriver));
    }

    private static void check(Submitted done, int toDriver) {
        assertEquals(toDriver + 1, done.usedLength());
        assertEquals(Disk.OK, done.writable()[toDriver]);
        done.assertNothingBeyond();
    }
}
