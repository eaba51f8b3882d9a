// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.virtio4j.fs.backend.FsAttributes;
import io.virtio4j.fs.backend.FsCreated;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsName;
import io.virtio4j.fs.backend.FsNode;
import io.virtio4j.fs.backend.OpenFlags;
import io.virtio4j.fs.backend.RenameFlags;
import io.virtio4j.host.linux.LinuxNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.FutureTask;

/**
 * One process of the host, a thread here, lets a directory and a link to another change places all the time, and a file
 * and a link to another one; a guest meanwhile goes through the directory and reads, writes, creates, renames and
 * removes, and has to meet the file within or an error, nothing else.
 */
final class SwapRace {
    private static final byte[] REAL = {'r', 'e', 'a', 'l'};
    private static final byte[] LINK = {'l', 'i', 'n', 'k'};
    private static final byte[] PLAIN = {'p', 'l', 'a', 'i', 'n'};
    private static final byte[] LEADING = {'l', 'e', 'a', 'd', 'i', 'n', 'g'};
    private static final int EXCHANGE = 2;
    /** What a link in the place of a directory or a file is answered with, and what is not there. */
    private static final Set<Integer> REFUSALS = Set.of(FsErrno.ENOTDIR.number(), FsErrno.ELOOP.number(),
            FsErrno.ENOENT.number());

    private final FsNode root;
    private final Path inside;
    private final int swaps;
    private final Step between;
    private final FsAttributes out = new FsAttributes();
    private volatile boolean over;
    private long reached;
    private long refused;
    private int done;

    /** What is done to the backend between finding and using a file. */
    interface Step {
        void take() throws IOException;
    }

    SwapRace(FsNode root, Path inside, int swaps, Step between) {
        this.root = root;
        this.inside = inside;
        this.swaps = swaps;
        this.between = between;
    }

    long reached() {
        return reached;
    }

    long refused() {
        return refused;
    }

    void run() throws Exception {
        FutureTask<Void> swapping = new FutureTask<>(this::swap, null);
        Thread thread = new Thread(swapping, "swapper");
        thread.start();
        try {
            for (int round = 0; !over; round++) {
                goThrough(round);
                openFile(round);
            }
        } finally {
            over = true;
            swapping.get();
        }
    }

    private void swap() {
        try (LinuxNode directory = LinuxNode.root(inside)) {
            while (done < swaps && !over) {
                directory.rename(REAL, directory, LINK, EXCHANGE);
                directory.rename(PLAIN, directory, LEADING, EXCHANGE);
                done++;
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        } finally {
            over = true;
        }
    }

    /** Through the name that is a directory, or a link to one outside. */
    private void goThrough(int round) throws IOException {
        FsNode directory = Tree.find(root, "real");
        try {
            between.take();
            switch (round % 4) {
                case 0 -> assertEquals("within", readSecret(directory));
                case 1 -> {
                    Tree.create(directory, Caller.ROOT, "new", 0600, "x");
                    directory.unlink(Caller.ROOT, FsName.of("new"));
                }
                case 2 -> {
                    directory.rename(Caller.ROOT, FsName.of("secret"), directory, FsName.of("moved"),
                            RenameFlags.NONE);
                    directory.rename(Caller.ROOT, FsName.of("moved"), directory, FsName.of("secret"),
                            RenameFlags.NONE);
                }
                default -> {
                    directory.createDirectory(Caller.ROOT, FsName.of("inner"), 0700, out).release();
                    directory.removeDirectory(Caller.ROOT, FsName.of("inner"));
                }
            }
            reached++;
        } catch (FsException e) {
            count(e);
        } finally {
            directory.release();
        }
    }

    private static String readSecret(FsNode directory) throws IOException {
        FsNode secret = Tree.find(directory, "secret");
        try {
            return Tree.read(secret);
        } finally {
            secret.release();
        }
    }

    /** By the name that is a file, or a link to one outside. */
    private void openFile(int round) throws IOException {
        try {
            if (round % 2 == 0) {
                FsCreated opened = root.create(Caller.ROOT, FsName.of("plain"), 0600, OpenFlags.READ_AND_WRITE, out);
                try {
                    assertEquals("within", Tree.read(opened.file(), 0));
                    Tree.write(opened.file(), 0, "within", false);
                } finally {
                    opened.file().release();
                    opened.node().release();
                }
            } else {
                FsNode plain = Tree.find(root, "plain");
                try {
                    between.take();
                    assertEquals("within", Tree.read(plain));
                } finally {
                    plain.release();
                }
            }
            reached++;
        } catch (FsException e) {
            count(e);
        }
    }

    private void count(FsException e) throws FsException {
        if (!REFUSALS.contains(e.number())) {
            throw e;
        }
        refused++;
    }

    @Override
    public String toString() {
        return "swaps=" + 2L * done + " reached=" + reached + " refused=" + refused;
    }
}
