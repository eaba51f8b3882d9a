// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.virtio4j.gpu.crossdomain.CrossDomain;
import io.virtio4j.testkit.HostileDriver;
import io.virtio4j.testkit.TestDriver;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lives of a hostile driver whose damaged commands make, show, move and destroy. */
class HostilePicturesTest {

    private static final long RAM = 0x10_0000;

    private static GpuDevice device() {
        return GpuDevice.builder().output(Monitor.of(640, 480)).emptyOutput().contextType(new CrossDomain())
                .hostVisibleBytes(1 << 20).limits(GpuLimits.DEFAULT.withHostBytes(2 << 20).withResources(64)).build();
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {101, 102, 103, 104, 105, 106})
    @HostileCase({"GU-1", "GU-2", "GU-3", "GU-4", "GU-5", "GU-6", "GU-7", "GU-8"})
    void the_device_survives_damaged_commands(long seed) {
        HostileDriver hostile = new HostileDriver(seed)
                .template(0, GpuRig.command(0x101, 1, 1, 64, 64), 24)
                .template(0, GpuRig.attachCommand(1, 2, RAM, 8192, RAM + 16384, 8192), 24)
                .template(0, GpuRig.command(0x105, 0, 0, 64, 64, 0, 0, 1, 0), 24)
                .template(0, GpuRig.command(0x103, 0, 0, 64, 64, 0, 1), 24)
                .template(0, GpuRig.command(0x104, 0, 0, 64, 64, 1, 0), 24)
                .template(0, GpuRig.command(0x107, 1, 0), 24)
                .template(0, GpuRig.command(0x102, 1, 0), 24)
                .template(0, GpuRig.join(GpuRig.command(0x10C, 2, 1, 1, 1, 0, 0, 4096, 0),
                        GpuRig.entries(RAM, 4096)), 24)
                .template(0, GpuRig.command(0x10D, 0, 0, 32, 32, 1, 2, 32, 32, 2, 0, 128, 0, 0, 0, 0, 0, 0, 0), 24)
                .template(0, GpuRig.join(GpuRig.inContext(1, 0x200, 4, 5), Arrays.copyOf(new byte[] {'a'}, 64)), 24)
                .template(0, GpuRig.inContext(1, 0x202, 2, 0), 24)
                .template(0, GpuRig.inContext(1, 0x207, 48, 0, 1 | 24 << 16, 0, 2, 2, 0, 0,
                        2 | 24 << 16, 0, 16, 16, 0x34325258, 0), 24)
                .template(0, GpuRig.inContext(1, 0x10C, 3, 2, 1, 0, 1, 0, 4096, 0), 24)
                .template(0, GpuRig.command(0x208, 3, 0, 0, 0), 32)
                .template(0, GpuRig.command(0x10A, 0, 0), 1056)
                .template(1, GpuRig.command(0x300, 0, 5, 5, 0, 1, 1, 1, 0), 24)
                .template(1, GpuRig.command(0x301, 0, 9, 9, 0, 1, 1, 1, 0), 0);
        GpuDevice device = device();
        RecordingListener listener = new RecordingListener();
        device.scanouts().forEach(scanout -> scanout.addListener(listener));
        hostile.run(device, builder -> { }, 800, HostilePicturesTest::smoke);
        HostileCases.count("GU-8", 800);
        device.close();
    }

    private static void smoke(TestDriver driver) {
        byte[] answer = driver.queue(0).exchange(GpuRig.command(0x101, 50, 1, 8, 8), 24).written();
        if (answer.length != 24 || answer[0] != 0 || answer[1] != 0x11) {
            throw new AssertionError("a good driver is not served: " + Arrays.toString(answer));
        }
    }
}
