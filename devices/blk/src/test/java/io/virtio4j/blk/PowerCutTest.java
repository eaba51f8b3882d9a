// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.virtio4j.testkit.conformance.Normative;
import java.io.IOException;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Power cuts at every moment of random work: what the driver may rely on is there. Each cut is played with one
 * of the possible remains, chosen by the seed that a failure tells.
 */
class PowerCutTest {

    private static final int CUTS = 10_000;
    private static final int MANY_CUTS = 500_000;

    /** What is between the device and the recorded storage. */
    private enum Path {
        DIRECT(false) {
            @Override
            BlockBackend backend(RecordedStorage storage, SplittableRandom random) {
                return storage.backend();
            }
        },
        FILE(true) {
            @Override
            BlockBackend backend(RecordedStorage storage, SplittableRandom random) {
                return new FileBackend("recorded", storage.file(random), PowerCutRun.SIZE, false, null);
            }
        },
        OVERLAY(false) {
            @Override
            long storageSize() {
                return OverlayBackend.layerSize(PowerCutRun.SIZE);
            }

            @Override
            BlockBackend backend(RecordedStorage storage, SplittableRandom random) throws IOException {
                return overlay(storage.backend(), true);
            }

            @Override
            byte[] recover(byte[] image) throws IOException {
                return readAll(overlay(RecordedStorage.of(image), false));
            }

            private static OverlayBackend overlay(BlockBackend layer, boolean created) throws IOException {
                return OverlayBackend.inLayer(new MemoryBackend(PowerCutRun.SIZE), layer, created, "layer");
            }
        };

        private final boolean tears;

        Path(boolean tears) {
            this.tears = tears;
        }

        long storageSize() {
            return PowerCutRun.SIZE;
        }

        abstract BlockBackend backend(RecordedStorage storage, SplittableRandom random) throws IOException;

        byte[] recover(byte[] image) throws IOException {
            return image;
        }

        PowerCutRun.Setup setup(boolean async) {
            return new PowerCutRun.Setup(storageSize(), tears, (storage, random, steps) -> {
                BlockBackend backend = backend(storage, random);
                return async ? AsyncBlockBackend.of(backend, steps) : backend;
            }, this::recover);
        }
    }

    private static byte[] readAll(BlockBackend backend) throws IOException {
        ByteBuf content = Unpooled.buffer(PowerCutRun.SIZE, PowerCutRun.SIZE);
        backend.read(0, content);
        return content.array();
    }

    private static void cut(PowerCutRun.Setup setup, int cuts) throws IOException {
        for (long seed = 1; cuts > 0; seed++) {
            cuts -= new PowerCutRun(setup, seed).play();
        }
    }

    @ParameterizedTest
    @EnumSource
    @Normative("BLK-28")
    void with_a_blocking_backend(Path path) throws IOException {
        cut(path.setup(false), CUTS);
    }

    @ParameterizedTest
    @EnumSource
    @Normative("BLK-28")
    void with_an_executor(Path path) throws IOException {
        cut(path.setup(true), CUTS);
    }

    /** Writes and forces take time, and overtake each other. */
    private static PowerCutRun.Setup overtaking() {
        return new PowerCutRun.Setup(PowerCutRun.SIZE, false,
                (storage, random, steps) -> storage.async(steps), image -> image);
    }

    @Test
    @Normative("BLK-28")
    void with_an_asynchronous_backend() throws IOException {
        cut(overtaking(), CUTS);
    }

    @Tag("slow")
    @ParameterizedTest
    @EnumSource
    @Normative("BLK-28")
    void very_often(Path path) throws IOException {
        cut(path.setup(false), MANY_CUTS);
        cut(path.setup(true), MANY_CUTS);
    }

    @Tag("slow")
    @Test
    @Normative("BLK-28")
    void very_often_with_an_asynchronous_backend() throws IOException {
        cut(overtaking(), MANY_CUTS);
    }

    // ── Whether lies are found out ─────────────────────────────────────────

    private static PowerCutRun.Setup lying(int kind) {
        return new PowerCutRun.Setup(PowerCutRun.SIZE, false, (storage, random, steps) ->
                new FaultyForce(storage.backend(), kind), image -> image);
    }

    /** Forces nothing, or only now and then. */
    private static final class FaultyForce extends RecordedStorage.TestBackend {
        private final BlockBackend base;
        private final int every;
        private int forces;

        FaultyForce(BlockBackend base, int every) {
            super(base.size());
            this.base = base;
            this.every = every;
        }

        @Override
        public void read(long offset, ByteBuf target) throws IOException {
            base.read(offset, target);
        }

        @Override
        public void write(long offset, ByteBuf source) throws IOException {
            base.write(offset, source);
        }

        @Override
        public void force() throws IOException {
            if (++forces % every == 0) {
                base.force();
            }
        }
    }

    @Test
    void a_backend_that_never_forces_is_found_out() {
        AssertionError error = assertThrows(AssertionError.class,
                () -> new PowerCutRun(lying(Integer.MAX_VALUE), 1).play());

        assertTrue(error.getMessage().startsWith("lost: sector="), error.getMessage());
    }

    @Test
    void a_backend_that_forces_every_other_time_is_found_out() {
        assertThrows(AssertionError.class, () -> {
            for (long seed = 1; seed < 10; seed++) {
                new PowerCutRun(lying(2), seed).play();
            }
        });
    }

    @Test
    void survivors_hold_what_was_forced_and_any_of_the_rest() {
        AtomicLong clock = new AtomicLong();
        RecordedStorage storage = new RecordedStorage(1024, clock);
        byte[] first = Disk.pattern(1, 512);
        storage.write(0, first);
        storage.force();
        long cut = clock.get();
        storage.write(0, Disk.pattern(2, 512));
        storage.write(512, Disk.pattern(3, 512));

        SplittableRandom random = new SplittableRandom(1);
        int news = 0;
        for (int i = 0; i < 100; i++) {
            byte[] now = storage.survivor(clock.get(), random);
            byte[] then = storage.survivor(cut, random);
            news += Arrays.equals(now, 0, 512, first, 0, 512) ? 0 : 1;
            assertEquals(-1, Arrays.mismatch(then, 0, 512, first, 0, 512));
            assertEquals(-1, Arrays.mismatch(then, 512, 1024, new byte[512], 0, 512));
        }
        assertTrue(news > 20 && news < 80, "news=" + news);
    }
}
