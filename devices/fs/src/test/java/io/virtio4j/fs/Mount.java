// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.core.transport.DeviceInstanceBuilder;
import io.virtio4j.fs.backend.FsBackend;
import io.virtio4j.fs.tree.TreeBackend;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.fuse.FuseDriver;
import java.io.IOException;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** A driver of FUSE, and its device. */
final class Mount extends FuseDriver {

    final FsDevice device;

    private Mount(FsDevice device, TestDriver driver) {
        super(driver);
        this.device = device;
    }

    static Mount of(FsBackend backend) {
        return of(backend, choices -> choices);
    }

    static Mount of(FsBackend backend, UnaryOperator<FsDeviceBuilder> choices) {
        return of(backend, choices, DriverOptions.split(), instance -> {});
    }

    static Mount of(FsBackend backend, UnaryOperator<FsDeviceBuilder> choices, DriverOptions options,
            Consumer<DeviceInstanceBuilder> instance) {
        Mount mount = attach(backend, choices, options, instance);
        mount.init();
        return mount;
    }

    /** A driver that has not begun a session. */
    static Mount attach(FsBackend backend, UnaryOperator<FsDeviceBuilder> choices, DriverOptions options,
            Consumer<DeviceInstanceBuilder> instance) {
        FsDevice device = choices.apply(FsDevice.of("test", backend)).build();
        return new Mount(device, TestDriver.attach(device, instance).start(options));
    }

    static Mount tree() {
        return of(TreeBackend.create());
    }

    @Override
    public void close() {
        super.close();
        try {
            device.close();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
