// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.blk.Disk.Range;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.conformance.HostileCase;
import io.virtio4j.testkit.conformance.Normative;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Requests that need a feature, by drivers that accepted it and by drivers that did not. */
class FeatureGateTest {

    private static final int SECTORS = 512;
    private static final byte[] CONTENT = Disk.pattern(3, SECTORS * 512);

    /** A request and the feature that it is for. */
    private record Gated(BlockFeature feature, int type, byte[] data, int room) {

        @Override
        public String toString() {
            return "type " + type + " for " + feature;
        }
    }

    static Stream<Arguments> gated() {
        byte[] range = Range.bytes(new Range(128, 128, 0));
        return Stream.of(
                        new Gated(BlockFeature.DISCARD, Disk.DISCARD, range, 0),
                        new Gated(BlockFeature.WRITE_ZEROES, Disk.WRITE_ZEROES, range, 0),
                        new Gated(BlockFeature.SECURE_ERASE, Disk.SECURE_ERASE, range, 0),
                        new Gated(BlockFeature.LIFETIME, Disk.GET_LIFETIME, new byte[0], 6),
                        new Gated(BlockFeature.ZONED, Disk.ZONE_APPEND, new byte[512], 8),
                        new Gated(BlockFeature.ZONED, Disk.ZONE_REPORT, new byte[0], 128),
                        new Gated(BlockFeature.ZONED, Disk.ZONE_OPEN, new byte[0], 0),
                        new Gated(BlockFeature.ZONED, Disk.ZONE_CLOSE, new byte[0], 0),
                        new Gated(BlockFeature.ZONED, Disk.ZONE_FINISH, new byte[0], 0),
                        new Gated(BlockFeature.ZONED, Disk.ZONE_RESET, new byte[0], 0),
                        new Gated(BlockFeature.ZONED, Disk.ZONE_RESET_ALL, new byte[0], 0))
                .flatMap(request -> rings().map(options -> Arguments.of(request, options)));
    }

    static Stream<DriverOptions> rings() {
        return Stream.of(DriverOptions.split(), DriverOptions.packed());
    }

    /** A disk that offers everything: zones of 64 KiB, written or not as the driver likes. */
    private static BlockDevice device() {
        return BlockDevice.of(new MemoryBackend(SECTORS * 512L))
                .queues(2)
                .secureErase(new RangeLimits(128, 4, 128))
                .lifetime(() -> new BlockLifetime(1, 1, 1))
                .zones(ZoneLayout.hostAware(128).withMaxAppend(8))
                .build();
    }

    private static Disk.Reply send(Disk disk, Gated request) {
        return disk.request(request.type, 128, request.data, request.room);
    }

    @ParameterizedTest
    @MethodSource("gated")
    @HostileCase("ST-6")
    @Normative("BLK-33")
    void a_request_for_a_feature_that_was_not_accepted_is_unsupported(Gated request, DriverOptions options) {
        try (Disk disk = Disk.of(device(), options.without(request.feature))) {
            assertEquals(Disk.OK, disk.write(0, CONTENT).status());

            Disk.Reply reply = send(disk, request);

            assertEquals(Disk.UNSUPP, reply.status());
            assertEquals(1, reply.usedLength());
            assertArrayEquals(CONTENT, disk.read(0, CONTENT.length).data());
        }
    }

    /** What the test above shows is the feature's doing: with it, the same request is not unsupported. */
    @ParameterizedTest
    @MethodSource("gated")
    void a_request_for_a_feature_that_was_accepted_is_served(Gated request, DriverOptions options) {
        BlockDevice device = device();
        try (Disk disk = Disk.of(device, options)) {
            assertTrue(disk.driver().negotiated().has(request.feature));
            disk.zone(Disk.ZONE_OPEN, 128);

            // An append is for zones of another type, which is the zone's answer.
            int expected = request.type == Disk.ZONE_APPEND ? Disk.INVALID : Disk.OK;
            assertEquals(expected, send(disk, request).status());
        }
    }

    /** Firmware flushes without asking; and it may: nothing that was written becomes less durable. */
    @ParameterizedTest
    @MethodSource("rings")
    @HostileCase("ST-6")
    void a_flush_is_served_whether_it_was_accepted_or_not(DriverOptions options) {
        try (Disk disk = Disk.of(device(), options.without(BlockFeature.FLUSH, BlockFeature.CONFIG_WCE))) {
            assertEquals(Disk.OK, disk.flush().status());
        }
    }

    @ParameterizedTest
    @MethodSource("rings")
    @HostileCase("ST-6")
    void a_second_queue_without_mq_does_no_harm(DriverOptions options) {
        try (Disk disk = Disk.of(device(), options.without(BlockFeature.MQ))) {
            byte[] second = Disk.pattern(4, 512);

            disk.driver().queue(1).exchange(Disk.bytes(Disk.OUT, 7, second), 1);

            assertArrayEquals(second, disk.read(7, 512).data());
        }
    }
}
