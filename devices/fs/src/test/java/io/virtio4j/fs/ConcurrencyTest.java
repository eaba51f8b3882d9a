// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.queue.RingFormat;
import io.virtio4j.core.queue.Runner;
import io.virtio4j.fs.tree.TreeBackend;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.fuse.Fuse;
import io.virtio4j.testkit.fuse.FuseDriver;
import io.virtio4j.testkit.fuse.FuseDriver.Open;
import io.virtio4j.testkit.fuse.FuseDriver.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Several queues at once, on the same few names: nothing is counted wrongly, nothing is left. */
class ConcurrencyTest {

    private static final int QUEUES = 4;
    private static final int NAMES = 3;
    private static final int ROUNDS = 1500;

    /** Makes, finds, renames and removes, and gives back every lookup that it was told of. */
    private static int work(FuseDriver mount, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int made = 0;
        for (int i = 0; i < ROUNDS; i++) {
            String name = "n" + random.nextInt(NAMES);
            switch (random.nextInt(5)) {
                case 0, 1 -> {
                    Reply reply = mount.ask(Fuse.CREATE, Fuse.ROOT,
                            mount.body().u32(2).u32(0100600).u64(0).name(name), 144);
                    if (reply.error() == 0) {
                        made++;
                        Open file = new Open(reply.body().getLong(0), reply.body().getLong(128), 0);
                        String text = "text " + seed + " " + i;
                        mount.write(file, 0, text);
                        assertTrue(new String(mount.read(file, 0, 100), UTF_8).startsWith("text "));
                        mount.release(file);
                        mount.forgetHere(file.node());
                    }
                }
                case 2 -> {
                    Reply reply = mount.ask(Fuse.LOOKUP, Fuse.ROOT, mount.body().name(name), 128);
                    if (reply.error() == 0) {
                        long node = reply.body().getLong(0);
                        mount.getattr(node); // a lookup of one's own keeps it
                        mount.forgetHere(node);
                    }
                }
                case 3 -> mount.ask(Fuse.RENAME, Fuse.ROOT,
                        mount.body().u64(1).name(name).name("n" + random.nextInt(NAMES)), 0);
                default -> mount.ask(Fuse.UNLINK, Fuse.ROOT, mount.body().name(name), 0);
            }
        }
        return made;
    }

    @ParameterizedTest
    @EnumSource(RingFormat.class)
    void on_the_same_names(RingFormat format) throws Exception {
        RecordingBackend backend = new RecordingBackend(TreeBackend.create(1 << 20, 100));
        long seed = System.nanoTime();
        System.out.println("seed=" + seed);
        try (ExecutorService threads = Executors.newFixedThreadPool(QUEUES);
                Mount mount = Mount.of(backend, choices -> choices.requestQueues(QUEUES), DriverOptions.of(format),
                        instance -> instance.runner(Runner.workerPerQueue(Thread.ofPlatform().daemon().factory())))) {
            List<Callable<Integer>> work = new ArrayList<>();
            for (int i = 0; i < QUEUES; i++) {
                FuseDriver own = mount.through(1 + i);
                long ownSeed = seed + i;
                work.add(() -> work(own, ownSeed));
            }
            int made = 0;
            for (Future<Integer> done : threads.invokeAll(work)) {
                made += done.get();
            }
            assertTrue(made > 100, "made=" + made);
            // A worker lets go of what a request used after it has answered.
            mount.driver().waitFor("all but the root to be given back",
                    () -> mount.device.nodes() == 1 && mount.device.handles() == 0 && backend.held() == 1);
        }
        assertEquals(0, backend.held());
    }
}
