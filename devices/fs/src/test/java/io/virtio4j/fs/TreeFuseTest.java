// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.fs.tree.TreeBackend;
import io.virtio4j.testkit.fuse.FuseContract;
import org.junit.jupiter.api.AfterEach;

/** What no driver gets from a device with a tree in memory. */
class TreeFuseTest extends FuseContract {

    private final RecordingBackend backend = new RecordingBackend(TreeBackend.create(1 << 20, 1000));

    @Override
    protected VirtioDevice device(Wanted wanted) {
        FsDeviceBuilder device = FsDevice.of("contract", backend).maxNodes(wanted.maxNodes())
                .maxHandles(wanted.maxHandles()).requestQueues(2).daxWindow(wanted.window())
                .onBackendFault(fault -> {
                    throw new AssertionError("the backend has no faults", fault);
                });
        return (wanted.readOnly() ? device.readOnly() : device).build();
    }

    @Override
    protected void untouched(Runnable requests) {
        int before = backend.calls();
        requests.run();
        assertEquals(before, backend.calls(), "no backend was asked for it");
    }

    @Override
    protected int operations() {
        return 8_000;
    }

    @AfterEach
    void everythingWasGivenBack() {
        assertEquals(0, backend.held());
    }
}
