// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio;

import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Lines that note what is asked of them, or fail. Allocates nothing. */
class FakeLines implements GpioBackend {

    private final int count;
    private final boolean[] levels;
    private @Nullable GpioPort port;

    volatile boolean fails;
    volatile int calls;
    volatile GpioTrigger lastTrigger = GpioTrigger.NONE;

    FakeLines(int count) {
        this.count = count;
        levels = new boolean[count];
    }

    GpioPort port() {
        return Objects.requireNonNull(port);
    }

    private void called() throws IOException {
        calls++;
        if (fails) {
            throw new IOException("line is broken, as the test wants");
        }
    }

    void level(int line, boolean high) {
        levels[line] = high;
        port().changed(line, high);
    }

    @Override
    public int lines() {
        return count;
    }

    @Override
    public String name(int line) {
        return "";
    }

    @Override
    public void attach(GpioPort newPort) {
        port = newPort;
    }

    @Override
    public void release(int line) throws IOException {
        called();
    }

    @Override
    public void input(int line) throws IOException {
        called();
    }

    @Override
    public void output(int line, boolean high) throws IOException {
        called();
        levels[line] = high;
    }

    @Override
    public boolean isHigh(int line) throws IOException {
        called();
        return levels[line];
    }

    @Override
    public void watch(int line, GpioTrigger trigger) throws IOException {
        called();
        lastTrigger = trigger;
    }

    @Override
    public void close() {}
}
