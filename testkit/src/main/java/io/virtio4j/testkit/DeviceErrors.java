// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * Keeps what the device's own code threw, to fail the test with it: given to {@link
 * io.virtio4j.core.transport.DeviceInstanceBuilder#onDeviceError}. Safe for use by several threads.
 */
public final class DeviceErrors implements Consumer<Throwable> {

    private final List<Throwable> errors = new CopyOnWriteArrayList<>();

    /** Creates one without errors. */
    public DeviceErrors() {}

    @Override
    public void accept(Throwable error) {
        errors.add(error);
    }

    /** What came, and forgets it: the test expected it. */
    public List<Throwable> take() {
        List<Throwable> taken = List.copyOf(errors);
        errors.removeAll(taken);
        return taken;
    }

    /**
     * Checks that nothing came.
     *
     * @throws AssertionError caused by the first error
     */
    public void check() {
        List<Throwable> seen = take();
        if (!seen.isEmpty()) {
            AssertionError failure =
                    new AssertionError("device code failed: errors=" + seen.size(), seen.getFirst());
            seen.stream().skip(1).forEach(failure::addSuppressed);
            throw failure;
        }
    }
}
