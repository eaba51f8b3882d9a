// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.fs.tree.TreeBackend;
import io.virtio4j.testkit.HostileDriver;
import io.virtio4j.testkit.TestDriver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A driver that does anything at all, with requests of FUSE among it. */
class HostileDriverTest {

    private static final int OPERATIONS = 20_000;

    private static byte[] message(int opcode, long node, byte[] body) {
        return ByteBuffer.allocate(40 + body.length).order(ByteOrder.LITTLE_ENDIAN).putInt(40 + body.length)
                .putInt(opcode).putLong(2L * opcode).putLong(node).putInt(0).putInt(0).putInt(0).putInt(0)
                .put(body).array();
    }

    private static byte[] init() {
        return message(Mount.INIT, 0, ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN)
                .putInt(7).putInt(45).putInt(4096).putInt(-1).putInt(-1).array());
    }

    private static void smoke(TestDriver driver) {
        byte[] done = driver.queue(1).exchange(init(), 80).written();
        assertEquals(80, ByteBuffer.wrap(done).order(ByteOrder.LITTLE_ENDIAN).getInt(0));
        done = driver.queue(1).exchange(message(Mount.GETATTR, 1, new byte[16]), 16 + 104).written();
        assertEquals(0, ByteBuffer.wrap(done).order(ByteOrder.LITTLE_ENDIAN).getInt(4));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void does_no_harm(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        HostileDriver hostile = new HostileDriver(seed).template(1, init(), 80);
        for (int opcode = 1; opcode < 54; opcode++) {
            if (opcode == Mount.SETLKW) {
                continue; // waits for as long as it likes: see LockTest
            }
            byte[] body = new byte[96];
            random.nextBytes(body);
            ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN).putLong(0, 1 + random.nextInt(3))
                    .putLong(8, random.nextInt(10_000)).putLong(16, random.nextInt(10_000));
            hostile.template(random.nextInt(3), message(opcode, 1 + random.nextInt(4), body), 16 + random.nextInt(400));
            hostile.template(1, message(opcode, 1, new byte[] {'a', 0, 'b', 0}), 160);
        }
        hostile.flipping().run(
                FsDevice.of("hostile", TreeBackend.create(1 << 20, 1000).file("f", "x").directory("d")).requestQueues(2)
                        .daxWindow(2 << 20).onBackendFault(fault -> {
                            throw new AssertionError("the backend has no faults", fault);
                        }).build(),
                OPERATIONS, HostileDriverTest::smoke);
    }
}
