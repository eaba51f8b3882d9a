// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.fs.tree.TreeBackend;
import io.virtio4j.testkit.DeviceContract;
import io.virtio4j.testkit.fuse.Fuse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** What holds for every device, by a driver that begins a session again and again. */
class FsContractTest extends DeviceContract {

    @Override
    protected VirtioDevice device() {
        return FsDevice.of("contract", TreeBackend.create()).requestQueues(2).build();
    }

    @Override
    protected Request request(int number) {
        byte[] init = ByteBuffer.allocate(104).order(ByteOrder.LITTLE_ENDIAN).putInt(104).putInt(Fuse.INIT)
                .putLong(number + 1).putLong(0).putInt(0).putInt(0).putInt(0).putInt(0)
                .putInt(7).putInt(45).putInt(4096).putInt(1 << 30).array();
        return new Request(1 + number % 2, init, 80, done -> {
            ByteBuffer reply = ByteBuffer.wrap(done.written()).order(ByteOrder.LITTLE_ENDIAN);
            assertEquals(80, reply.getInt(0));
            assertEquals(0, reply.getInt(4));
            assertEquals(number + 1, reply.getLong(8));
            assertEquals(7, reply.getInt(16));
            assertEquals(45, reply.getInt(20));
        });
    }
}
