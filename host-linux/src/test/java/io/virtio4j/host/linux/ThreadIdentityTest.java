// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import static io.virtio4j.host.linux.LinuxNodeTest.assertError;
import static io.virtio4j.host.linux.LinuxNodeTest.bytes;
import static io.virtio4j.host.linux.LinuxNodeTest.find;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.virtio4j.host.linux.LinuxNode.Access;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of other users, made by a thread that is one of them for a moment. Needs root. */
class ThreadIdentityTest {
    private static final int SET_UID = 04000;
    private static final int SET_GID = 02000;
    private static final int USER = 12_345;
    private static final int GROUP = 54_321;

    @TempDir
    Path directory;

    private LinuxNode root;
    private ThreadIdentity identity;

    @BeforeEach
    void requireRoot() throws IOException {
        identity = ThreadIdentity.ofProcess();
        assumeTrue(identity.canAssume(), "not root: nothing can be made for other users");
        root = LinuxNode.root(directory);
    }

    @AfterEach
    void giveUp() {
        if (root != null) {
            root.close();
        }
    }

    @FunctionalInterface
    private interface Work {
        void run() throws IOException;
    }

    private void as(int uid, int gid, int supplementary, Work work) throws IOException {
        identity.assume(uid, gid, supplementary);
        try {
            work.run();
        } finally {
            identity.restore();
        }
    }

    @Test
    void files_belong_to_whom_the_thread_is() throws IOException {
        as(USER, GROUP, ThreadIdentity.NO_GROUP, () -> root.makeDirectory(bytes("theirs"), 0700));
        root.makeDirectory(bytes("ours"), 0700);

        try (LinuxNode theirs = find(root, "theirs"); LinuxNode ours = find(root, "ours")) {
            assertEquals(USER, theirs.attributes().uid());
            assertEquals(GROUP, theirs.attributes().gid());
            assertEquals(0, ours.attributes().uid());
            assertEquals(0, ours.attributes().gid());
        }
    }

    @Test
    void permissions_on_the_way_do_not_matter() throws IOException {
        root.makeDirectory(bytes("closed"), 0700);
        try (LinuxNode closed = find(root, "closed")) {
            as(USER, GROUP, ThreadIdentity.NO_GROUP,
                    () -> closed.create(bytes("file"), 0600, Access.READ_WRITE).close());
        }
        assertEquals(USER, Files.getAttribute(directory.resolve("closed/file"), "unix:uid"));
    }

    @Test
    void set_group_id_of_a_group_that_the_user_is_not_in_is_dropped() throws IOException {
        root.makeDirectory(bytes("shared"), 0777);
        try (LinuxNode shared = find(root, "shared")) {
            shared.changeOwner(0, 777);
            shared.changeMode(SET_GID | 0777);
            as(USER, GROUP, ThreadIdentity.NO_GROUP,
                    () -> shared.create(bytes("stranger"), SET_GID | 0755, Access.READ_WRITE).close());
            as(USER, GROUP, 777, () -> shared.create(bytes("member"), SET_GID | 0755, Access.READ_WRITE).close());

            try (LinuxNode stranger = find(shared, "stranger"); LinuxNode member = find(shared, "member")) {
                assertEquals(777, stranger.attributes().gid());
                assertEquals(0, stranger.attributes().mode() & SET_GID);
                assertEquals(777, member.attributes().gid());
                assertEquals(SET_GID, member.attributes().mode() & SET_GID);
            }
        }
    }

    @Test
    void a_write_drops_set_user_id_only_when_it_is_to() throws IOException {
        try (LinuxFile file = root.create(bytes("program"), 0755, Access.READ_WRITE);
                LinuxNode node = LinuxNode.of(file)) {
            node.changeMode(SET_UID | SET_GID | 0755);
            LinuxNodeTest.write(file, 0, "kept");
            assertEquals(SET_UID | SET_GID, node.attributes().mode() & (SET_UID | SET_GID));

            identity.dropSetIdKeeping();
            try {
                LinuxNodeTest.write(file, 0, "dropped");
            } finally {
                identity.restore();
            }

            assertEquals(0, node.attributes().mode() & (SET_UID | SET_GID));
            node.changeMode(SET_UID | 0755);
            LinuxNodeTest.write(file, 0, "kept again");
            assertEquals(SET_UID, node.attributes().mode() & SET_UID);
        }
    }

    @Test
    void other_threads_are_as_they_were() throws Exception {
        CountDownLatch assumed = new CountDownLatch(1);
        FutureTask<Void> work = new FutureTask<>(() -> {
            assumed.await();
            root.makeDirectory(bytes("other"), 0700);
            return null;
        });
        Thread other = new Thread(work); // one that is started later is what its parent is
        other.start();
        identity.assume(USER, GROUP, ThreadIdentity.NO_GROUP);
        try {
            assumed.countDown();
            work.get();
        } finally {
            identity.restore();
        }
        assertEquals(0, Files.getAttribute(directory.resolve("other"), "unix:uid"));
    }

    @Test
    void a_change_of_owner_takes_set_user_id_away() throws IOException {
        try (LinuxFile file = root.create(bytes("program"), 0755, Access.READ_WRITE);
                LinuxNode node = LinuxNode.of(file)) {
            node.changeMode(SET_UID | 0755);

            node.changeOwner(USER, LinuxNode.SAME);

            assertEquals(USER, node.attributes().uid());
            assertEquals(0, node.attributes().mode() & SET_UID);
        }
    }

    @Test
    void an_identity_that_there_cannot_be_changes_nothing() throws IOException {
        assertError(Errno.EPERM, () -> identity.assume(-1, -1, ThreadIdentity.NO_GROUP));
        root.makeDirectory(bytes("ours"), 0700);
        assertEquals(0, Files.getAttribute(directory.resolve("ours"), "unix:uid"));
    }
}
