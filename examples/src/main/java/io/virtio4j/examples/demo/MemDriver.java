// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.testkit.TestDriver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A driver of memory devices. [Memory Device / Device Operation] */
final class MemDriver {

    private static final int PLUG = 0;
    private static final int UNPLUG = 1;
    private static final int UNPLUG_ALL = 2;
    private static final int STATE = 3;
    private static final int RESPONSE = 10;

    private final TestDriver driver;
    private final RunLog log;
    private final long blockSize;
    private final long address;

    MemDriver(TestDriver driver, RunLog log) {
        this.driver = driver;
        this.log = log;
        blockSize = config(0);
        address = config(16);
    }

    private long config(int offset) {
        return driver.port().readConfig(offset, 8);
    }

    long pluggedBytes() {
        return config(40);
    }

    int requestedBlocks() {
        return (int) (config(48) / blockSize);
    }

    void plug(int block, int count) {
        send(PLUG, block, count);
        log.operation(count * blockSize);
    }

    void unplug(int block, int count) {
        send(UNPLUG, block, count);
        log.operation(count * blockSize);
    }

    void unplugAll() {
        send(UNPLUG_ALL, 0, 0);
        log.operation(0);
    }

    boolean isPlugged(int block) {
        log.operation(0);
        return send(STATE, block, 1) == 0;
    }

    /** The state that comes with an acknowledgement. */
    private int send(int type, int block, int count) {
        byte[] request = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN)
                .putShort(0, (short) type).putLong(8, address + block * blockSize).putShort(16, (short) count).array();
        ByteBuffer response = ByteBuffer.wrap(driver.queue(0).exchange(request, RESPONSE).written())
                .order(ByteOrder.LITTLE_ENDIAN);
        if (response.remaining() != RESPONSE || response.getShort(0) != 0) {
            throw new IllegalStateException("request failed: type=" + type + " block=" + block + " count=" + count
                    + " length=" + response.remaining());
        }
        return response.getShort(8);
    }
}
