// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import io.virtio4j.i2c.simulated.I2cTarget;
import java.util.ArrayList;
import java.util.List;

/** Writes down what it sees; what it sends counts up. */
final class RecordingTarget implements I2cTarget {

    private final List<String> seen = new ArrayList<>();
    private int next;

    /** What it saw since the last call: S for START, then R or W; bytes; P for STOP. */
    String seen() {
        String all = String.join(" ", seen);
        seen.clear();
        return all;
    }

    @Override
    public boolean start(boolean read) {
        seen.add(read ? "SR" : "SW");
        return true;
    }

    @Override
    public boolean write(int data) {
        seen.add("%02x".formatted(data));
        return true;
    }

    @Override
    public int read() {
        seen.add("?");
        return next++;
    }

    @Override
    public void stop() {
        seen.add("P");
    }
}
