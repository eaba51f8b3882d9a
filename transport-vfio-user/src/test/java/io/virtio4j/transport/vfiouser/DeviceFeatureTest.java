// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.HostileCases;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * [VFIO_USER_DEVICE_FEATURE], [VFIO_USER_MIG_DATA_READ], [VFIO_USER_MIG_DATA_WRITE]: migration and the logging
 * of writes are not offered, and nothing that a client sends about them has an effect.
 */
class DeviceFeatureTest {

    private static final int GET = 1 << 16;
    private static final int SET = 1 << 17;
    private static final int PROBE = 1 << 18;

    private static final int MIGRATION = 1;
    private static final int MIG_DEVICE_STATE = 2;
    private static final int DMA_LOGGING_START = 6;
    private static final int DMA_LOGGING_STOP = 7;
    private static final int DMA_LOGGING_REPORT = 8;

    private static byte[] feature(int flags, byte... data) {
        return Wire.payload().u32(8 + data.length).u32(flags).raw(data).bytes();
    }

    @Test
    void no_feature_is_there_to_be_probed_got_or_set() {
        try (Served served = new Served(); Client client = served.negotiated()) {
            for (int index : new int[] {0, MIGRATION, MIG_DEVICE_STATE, 3, DMA_LOGGING_START, DMA_LOGGING_STOP,
                DMA_LOGGING_REPORT, 0x7FFF, 0xFFFF}) {
                for (int how : new int[] {GET, SET, PROBE, PROBE | GET, PROBE | SET, PROBE | GET | SET}) {
                    client.refused(Wire.ENOTTY, Wire.DEVICE_FEATURE, feature(index | how, new byte[24]));
                }
            }
            client.assertServed();
        }
    }

    @Test
    @HostileCase("VF-6")
    void flags_that_cannot_be_are_refused() {
        try (Served served = new Served(); Client client = served.negotiated()) {
            client.refused(Wire.EINVAL, Wire.DEVICE_FEATURE, feature(MIGRATION));
            client.refused(Wire.EINVAL, Wire.DEVICE_FEATURE, feature(MIGRATION | GET | SET));
            for (int bit = 19; bit < 32; bit++) {
                client.refused(Wire.EINVAL, Wire.DEVICE_FEATURE, feature(MIGRATION | GET | 1 << bit));
            }
            client.assertServed();
            HostileCases.count("VF-6", 2 + 13);
        }
    }

    @Test
    @HostileCase("VF-6")
    void garbage_as_migration_state_is_refused() {
        SplittableRandom random = new SplittableRandom(1);
        try (Served served = new Served(); Client client = served.negotiated()) {
            int[] sizes = {0, 1, 4, 7, 8, 100, 4096, 1 << 20};
            for (int size : sizes) {
                byte[] data = new byte[size];
                random.nextBytes(data);
                client.refused(Wire.EOPNOTSUPP, Wire.MIG_DATA_WRITE,
                        Wire.payload().u32(random.nextInt()).u32(random.nextInt()).raw(data).bytes());
                client.refused(Wire.EOPNOTSUPP, Wire.MIG_DATA_READ,
                        Wire.payload().u32(random.nextInt()).u32(0xFFFF_FFFFL).bytes());
                client.refused(Wire.ENOTTY, Wire.DEVICE_FEATURE, feature(MIG_DEVICE_STATE | SET, data));
                client.refused(Wire.ENOTTY, Wire.DEVICE_FEATURE, feature(DMA_LOGGING_START | SET, data));
                client.refused(Wire.ENOTTY, Wire.DEVICE_FEATURE, feature(DMA_LOGGING_REPORT | GET, data));
            }
            client.refused(Wire.EOPNOTSUPP, Wire.MIG_DATA_WRITE, new byte[0]);
            client.assertServed();
            HostileCases.count("VF-6", 5L * sizes.length + 1);
        }
    }
}
