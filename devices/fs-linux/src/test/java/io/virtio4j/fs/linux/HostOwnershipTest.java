// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import static io.virtio4j.fs.linux.Tree.assertError;
import static io.virtio4j.fs.linux.Tree.attributes;
import static io.virtio4j.fs.linux.Tree.create;
import static io.virtio4j.fs.linux.Tree.find;
import static io.virtio4j.fs.linux.Tree.write;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.virtio4j.fs.backend.FsAttributes;
import io.virtio4j.fs.backend.FsChange;
import io.virtio4j.fs.backend.FsCreated;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsFile.Allocation;
import io.virtio4j.fs.backend.FsMode;
import io.virtio4j.fs.backend.FsName;
import io.virtio4j.fs.backend.FsNode;
import io.virtio4j.fs.backend.OpenFlags;
import io.virtio4j.fs.linux.HostDirectory.Ownership;
import io.virtio4j.testkit.conformance.HostileCase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Whose files are, and what they lose when others write them. Needs root. */
@EnabledOnOs(OS.LINUX)
class HostOwnershipTest {
    private static final Caller SOMEBODY = new Caller(12_345, 54_321, List.of());
    private static final Caller MEMBER = new Caller(12_345, 54_321, List.of(777L));
    private static final int SET_BOTH = FsMode.SET_USER_ID | FsMode.SET_GROUP_ID;
    private static final byte[] CAPABILITY = "security.capability".getBytes(UTF_8);
    /** Version 2, effective, CAP_NET_RAW. */
    private static final byte[] NET_RAW = {1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

    @TempDir
    Path directory;

    private final FsAttributes out = new FsAttributes();
    private HostDirectory backend;
    private FsNode root;

    @BeforeEach
    void open() throws IOException {
        assumeTrue(Makers.canBeCallers(), "not root: files of others cannot be made");
        backend = HostDirectory.open(directory);
        root = backend.root();
    }

    @AfterEach
    void close() {
        if (backend != null) {
            root.release();
            backend.close();
        }
    }

    @Test
    void everything_new_is_the_callers() throws IOException {
        create(root, SOMEBODY, "file", 0600, "theirs");
        root.createDirectory(SOMEBODY, FsName.of("dir"), 0700, out).release();
        assertOwner(SOMEBODY, out);
        root.createSymbolicLink(SOMEBODY, FsName.of("link"), new byte[] {'x'}, out).release();
        assertOwner(SOMEBODY, out);
        root.createSpecial(SOMEBODY, FsName.of("fifo"), FsMode.FIFO | 0600, 0, 0, out).release();
        assertOwner(SOMEBODY, out);
        FsCreated hidden = root.createTemporary(SOMEBODY, 0600, OpenFlags.READ_AND_WRITE, out);
        assertOwner(SOMEBODY, out);
        hidden.file().release();
        hidden.node().release();
        create(root, Caller.ROOT, "ours", 0600, "");
        assertEquals(0, Files.getAttribute(directory.resolve("ours"), "unix:uid"));
        assertEquals(12_345, Files.getAttribute(directory.resolve("file"), "unix:uid"));
    }

    private static void assertOwner(Caller expected, FsAttributes attributes) {
        assertEquals(expected.user(), attributes.user);
        assertEquals(expected.group(), attributes.group);
    }

    @Test
    @HostileCase("FS-11")
    void a_directory_with_set_group_id_gives_its_group_and_keeps_the_bit_from_strangers() throws IOException {
        FsNode shared = root.createDirectory(Caller.ROOT, FsName.of("shared"), 0777, out);
        FsChange change = new FsChange();
        change.what = FsChange.GROUP | FsChange.MODE;
        change.group = 777;
        change.mode = FsMode.SET_GROUP_ID | 0777;
        shared.change(Caller.ROOT, change, out);

        create(shared, SOMEBODY, "stranger", FsMode.SET_GROUP_ID | 0755, "");
        create(shared, MEMBER, "member", FsMode.SET_GROUP_ID | 0755, "");
        shared.createDirectory(SOMEBODY, FsName.of("dir"), 0755, out).release();

        assertEquals(777, out.group);
        assertEquals(FsMode.DIRECTORY | FsMode.SET_GROUP_ID | 0755, out.mode);
        FsNode stranger = find(shared, "stranger");
        assertEquals(777, attributes(stranger).group);
        assertEquals(0755, attributes(stranger).mode & FsMode.PERMISSIONS);
        FsNode member = find(shared, "member");
        assertEquals(FsMode.SET_GROUP_ID | 0755, attributes(member).mode & FsMode.PERMISSIONS);
        stranger.release();
        member.release();
        shared.release();
    }

    /** A file with set-user-id, set-group-id and a capability. */
    private FsCreated program() throws IOException {
        FsCreated created = root.create(Caller.ROOT, FsName.of("program"), 0755, OpenFlags.READ_AND_WRITE, out);
        write(created.file(), 0, "program", false);
        setPrivileges(created.node());
        return created;
    }

    private void setPrivileges(FsNode node) throws IOException {
        FsChange change = new FsChange();
        change.what = FsChange.MODE;
        change.mode = SET_BOTH | 0755;
        node.change(Caller.ROOT, change, out);
        assertEquals(SET_BOTH, out.mode & SET_BOTH);
        node.setAttribute(Caller.ROOT, CAPABILITY, NET_RAW, false, false, false);
        assertEquals(NET_RAW.length, node.attribute(Caller.ROOT, CAPABILITY).length);
    }

    private void assertPrivileges(boolean setId, boolean capability, FsNode node) throws IOException {
        assertEquals(setId ? SET_BOTH : 0, attributes(node).mode & SET_BOTH);
        if (!capability) {
            assertError(FsErrno.ENODATA, () -> node.attribute(Caller.ROOT, CAPABILITY));
        }
    }

    @Test
    @HostileCase("FS-11")
    void privileges_are_dropped_by_who_has_to() throws IOException {
        FsCreated program = program();
        FsNode node = program.node();

        write(program.file(), 0, "x", false);
        assertPrivileges(true, false, node);
        write(program.file(), 0, "x", true);
        assertPrivileges(false, false, node);

        setPrivileges(node);
        FsChange cut = new FsChange();
        cut.what = FsChange.SIZE;
        program.file().change(Caller.ROOT, cut, out);
        assertPrivileges(true, false, node);
        cut.dropPrivileges = true;
        node.change(Caller.ROOT, cut, out);
        assertPrivileges(false, false, node);

        setPrivileges(node);
        node.open(Caller.ROOT, new OpenFlags(2 | 01000, true)).release();
        assertPrivileges(false, false, node);

        setPrivileges(node);
        program.file().allocate(Allocation.ALLOCATE, 0, 4096, false, true);
        assertPrivileges(false, false, node);
        program.file().release();
        node.release();
    }

    @Test
    @HostileCase("FS-11")
    void a_copy_drops_privileges_of_its_target() throws IOException {
        create(root, Caller.ROOT, "source", 0600, "copied");
        FsNode source = find(root, "source");
        var from = source.open(Caller.ROOT, OpenFlags.READ);
        FsCreated program = program();

        assertEquals(6, from.copy(0, program.file(), 0, 6, true));

        assertPrivileges(false, false, program.node());
        from.release();
        source.release();
        program.file().release();
        program.node().release();
    }

    @Test
    @HostileCase("FS-11")
    void a_change_of_owner_drops_privileges() throws IOException {
        FsCreated program = program();
        FsChange owner = new FsChange();
        owner.what = FsChange.USER;
        owner.user = 12_345;

        program.node().change(Caller.ROOT, owner, out);

        assertEquals(12_345, out.user);
        assertEquals(0, out.group);
        assertPrivileges(false, false, program.node());
        program.file().release();
        program.node().release();
    }

    @Test
    void files_can_be_the_processs_and_stay_so() throws IOException {
        try (HostDirectory own = HostDirectory.builder(directory).ownership(Ownership.PROCESS).open()) {
            FsNode top = own.root();
            create(top, SOMEBODY, "file", 0600, "");
            FsNode node = find(top, "file");
            assertEquals(0, attributes(node).user);
            FsChange owner = new FsChange();
            owner.what = FsChange.USER;
            owner.user = 12_345;
            assertError(FsErrno.EPERM, () -> node.change(SOMEBODY, owner, out));
            node.release();
            top.release();
        }
    }

    @Test
    void a_device_node_is_made_where_the_device_asks_for_it_and_never_opened() throws IOException {
        FsNode node = root.createSpecial(Caller.ROOT, FsName.of("null"), FsMode.CHARACTER_DEVICE | 0600, 1, 3, out);
        assertEquals(1, out.nodeMajor);
        assertEquals(3, out.nodeMinor);
        assertError(FsErrno.EPERM, () -> node.open(Caller.ROOT, OpenFlags.READ));
        node.release();
        FsNode large = root.createSpecial(Caller.ROOT, FsName.of("large"), FsMode.BLOCK_DEVICE | 0600, 4_000, 70_000,
                out);
        assertEquals(4_000, out.nodeMajor);
        assertEquals(70_000, out.nodeMinor);
        large.release();
    }
}
