// SPDX-License-Identifier: Apache-2.0

/**
 * The driver's side of everything, in process, for tests of devices and of transports.
 *
 * <p>{@link io.virtio4j.testkit.DriverPort} is where a driver meets a device.
 *
 * <p>A test dependency. Nothing of it belongs on the path of a running machine.
 *
 * @provides org.junit.platform.launcher.TestExecutionListener
 *     that records which requirements a test run has covered
 */
module io.virtio4j.testkit {
    requires transitive io.virtio4j.core;
    requires static transitive org.jspecify;
    requires transitive org.junit.jupiter.api;
    requires transitive org.junit.jupiter.params;
    requires transitive org.junit.platform.launcher;
    requires jdk.management;

    exports io.virtio4j.testkit;
    exports io.virtio4j.testkit.conformance;
    exports io.virtio4j.testkit.fuse;

    opens io.virtio4j.testkit to org.junit.platform.commons;
    opens io.virtio4j.testkit.fuse to org.junit.platform.commons;

    provides org.junit.platform.launcher.TestExecutionListener
            with io.virtio4j.testkit.conformance.CoverageListener;
}
