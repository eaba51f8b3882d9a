// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.demo;

import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.fs.FsCounter;
import io.virtio4j.fs.FsDevice;
import io.virtio4j.fs.tree.TreeBackend;
import io.virtio4j.testkit.TestDriver;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;

/**
 * A tree that a driver mounts: it writes files, reads them back, moves some and removes others, and reads one that is
 * computed. What is left is compared with what the driver meant.
 */
final class FsDemo implements DemoDevice {

    private final Supplier<TreeBackend> trees;

    FsDemo() {
        this(TreeBackend::create);
    }

    /** With other trees. */
    FsDemo(Supplier<TreeBackend> trees) {
        this.trees = trees;
    }

    @Override
    public String name() {
        return "fs";
    }

    @Override
    public Work prepare(DemoOptions options) {
        return new Tree(trees.get(), options);
    }

    /** One tree. */
    private static final class Tree implements Work {

        private static final int FILES = 24;
        private static final int LARGEST = 64 << 10;
        private static final String COMPUTED = "host/answer";

        private final TreeBackend tree;
        private final FsDevice device;
        private final byte[] answer;
        private final Map<String, byte[]> contents = new HashMap<>();

        Tree(TreeBackend tree, DemoOptions options) {
            this.tree = tree;
            Random random = new Random(options.seed());
            answer = new byte[100];
            random.nextBytes(answer);
            tree.computed(COMPUTED, answer::clone);
            for (int i = 0; i < FILES; i++) {
                byte[] content = new byte[random.nextInt(LARGEST)];
                random.nextBytes(content);
                contents.put("file " + i, content);
            }
            device = FsDevice.of("demo", tree).build();
        }

        @Override
        public VirtioDevice device() {
            return device;
        }

        @Override
        public void operate(TestDriver driver, List<TestDriver> peers, RunLog log) {
            FsDriver files = new FsDriver(driver, log);
            log.step("mount", 0);
            log.note("FUSE " + files.mount());
            long all = contents.values().stream().mapToLong(content -> content.length).sum();
            log.step("write", all);
            long in = files.makeDirectory(FsDriver.ROOT, "in");
            long out = files.makeDirectory(FsDriver.ROOT, "out");
            contents.forEach((name, content) -> {
                FsDriver.Open file = files.create(in, name);
                files.write(file, content);
                files.release(file);
                files.forget(file.node(), 1);
            });
            log.step("read", all);
            read(files, in, log);
            log.step("move and remove", 0);
            for (int i = 0; i < FILES; i++) {
                String name = "file " + i;
                if (i % 2 == 0) {
                    files.rename(in, name, out, name);
                } else {
                    files.unlink(in, name);
                    contents.remove(name);
                }
            }
            read(files, out, log);
        }

        private void read(FsDriver files, long directory, RunLog log) {
            List<FsDriver.Entry> found = files.list(directory);
            if (found.size() != contents.size()) {
                log.error("another number of files is there: " + found.size());
            }
            for (FsDriver.Entry entry : found) {
                FsDriver.Open file = files.open(entry.node());
                if (!Arrays.equals(contents.get(entry.name()), files.read(file, LARGEST))) {
                    log.error("file is not as it was written: " + entry.name());
                }
                files.release(file);
                files.forget(entry.node(), 1);
            }
            FsDriver.Open file = files.open(files.lookup(files.lookup(FsDriver.ROOT, "host"), "answer"));
            if (!Arrays.equals(answer, files.read(file, LARGEST))) {
                log.error("what is computed arrives otherwise");
            }
            files.release(file);
        }

        @Override
        public void inspect(RunLog log) throws IOException {
            log.step("look at the tree", 0);
            for (Map.Entry<String, byte[]> file : contents.entrySet()) {
                if (!tree.exists("out/" + file.getKey())
                        || !Arrays.equals(file.getValue(), tree.content("out/" + file.getKey()))) {
                    log.error("tree does not have what was written: " + file.getKey());
                }
            }
            if (tree.exists("in/file 1") || device.counters().get(FsCounter.BACKEND_FAULTS) > 0) {
                log.error("tree has what was removed, or failed: " + device.counters());
            }
        }

        @Override
        public void close() throws IOException {
            device.close();
        }
    }
}
