// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.testkit.DeviceContract;
import io.virtio4j.testkit.Submitted;

/** What holds for every GPU device. */
abstract class GpuContract extends DeviceContract {

    /** Requests that are right whatever came before: each looks the same on a fresh device and on a used one. */
    @Override
    protected Request request(int number) {
        return switch (number % 6) {
            case 0 -> new Request(0, GpuRig.command(0x100), 408, done -> check(done, 408, GpuRig.OK_DISPLAY_INFO));
            case 1 -> new Request(0, GpuRig.command(0x101, 0, 1, 1, 1), 24,
                    done -> check(done, 24, GpuRig.INVALID_RESOURCE_ID));
            case 2 -> new Request(0, GpuRig.command(0x103, 0, 0, 0, 0, 0, 0), 24, done -> check(done, 24, GpuRig.OK));
            case 3 -> new Request(0, GpuRig.withHeader(0x102, 1, number, 0, 0, 0x7777, 0), 24,
                    done -> check(done, 24, GpuRig.INVALID_RESOURCE_ID));
            case 4 -> new Request(0, GpuRig.command(0x105, 0, 0, 1, 1, 0, 0, 0x7777, 0), 24,
                    done -> check(done, 24, GpuRig.INVALID_RESOURCE_ID));
            default -> new Request(0, GpuRig.command(0x108, 99, 0), 40,
                    done -> check(done, 24, GpuRig.INVALID_PARAMETER));
        };
    }

    private static void check(Submitted done, int length, int type) {
        assertEquals(length, done.usedLength());
        assertEquals(type, new GpuRig.Response(done).type());
        done.assertNothingBeyond();
    }
}
