// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import io.virtio4j.fs.backend.FsBackend;
import io.virtio4j.fs.backend.FsCapability;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsLocks;
import io.virtio4j.fs.backend.FsNode;
import io.virtio4j.fs.backend.FsStatistics;
import io.virtio4j.host.linux.FileAttributes;
import io.virtio4j.host.linux.FileSystemStatus;
import io.virtio4j.host.linux.LinuxDirectory;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.host.linux.LinuxNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A directory of this Linux host, confined: nothing outside of it is ever opened, whatever the guest or another process
 * does to the tree meanwhile.
 *
 * <pre>{@code
 * FsBackend backend = HostDirectory.open(Path.of("/srv/shared"));
 * }</pre>
 *
 * <p>Every call to the host is made with a descriptor of a file that is held and one name; see {@link LinuxNode}. No
 * path is kept. Symbolic links are text. Only regular files and directories are opened. What another process moves out
 * of the tree while the guest holds it stays the guest's, with what is in it.
 *
 * <p><b>Whose files are.</b> Where the process is root, new files belong to whom the device says that the caller is;
 * where not, or if {@link Builder#ownership} says so, to the process. The guest's kernel has checked permissions
 * before it asks; set-user-id, set-group-id and capabilities of files are dropped as the guest's kernel asks for it.
 *
 * <p><b>Descriptors.</b> Each file that the guest's kernel knows costs one, until it forgets the file. Where that would
 * be more than {@link Builder#limit}, the files that were not used for longest are known by handles instead
 * ({@code name_to_handle_at}), if their file system has such and the process has {@code CAP_DAC_READ_SEARCH}. A handle
 * leads to the same file or, once that is gone, to ESTALE. What cannot do without is refused with ENFILE, to keep the
 * process going.
 *
 * <p><b>Locks</b> of guests exclude those of other processes of the host, and the other way round. Those of a restored
 * driver are asked of the host until it gives them; if that takes longer than 10 seconds, the device's
 * {@code onBackendFault} learns of it.
 *
 * <p>Needs Linux 5.8, {@code /proc}, and Java with {@code --enable-native-access=io.virtio4j.host.linux}. A umask of 0
 * of this process saves a call for each new file, since what the guest's programs mask is gone already.
 */
public final class HostDirectory implements FsBackend {

    /** To whom new files belong. */
    public enum Ownership {
        /** To the caller, as the device maps it. The process must be root of its user namespace. */
        CALLER,
        /** To the process. Owners cannot be changed. */
        PROCESS
    }

    /** How a directory is served. */
    public static final class Builder {
        private final Path path;
        private Ownership ownership;
        private boolean acrossMounts;
        private boolean accessControlLists;
        private boolean mapping;
        private boolean handles = true;
        private List<String> attributes = List.of("user.", "security.capability");
        private int limit;

        private Builder(Path path) throws IOException {
            this.path = path;
            ownership = Makers.canBeCallers() ? Ownership.CALLER : Ownership.PROCESS;
            limit = OpenFileLimit.ofProcess() / 2;
        }

        /** To whom new files belong; to the caller, if nothing is said and the process is root. */
        public Builder ownership(Ownership value) {
            ownership = value;
            return this;
        }

        /**
         * Directories that other file systems are mounted on are entered. Without this, they are EXDEV. Inside of a
         * guest they are mounts of their own.
         */
        public Builder acrossMounts() {
            acrossMounts = true;
            return this;
        }

        /**
         * Access control lists are kept by the host's file system. The numbers in them are not mapped: for a device
         * that does not map users.
         */
        public Builder accessControlLists() {
            accessControlLists = true;
            return this;
        }

        /**
         * Which extended attributes there are: those whose names begin with one of these texts. Without this,
         * {@code user.} and {@code security.capability}. Others, {@code trusted.} above all, mean something to the
         * host too.
         */
        public Builder attributes(String... prefixes) {
            attributes = List.of(prefixes);
            return this;
        }

        /**
         * The most descriptors; half of what the process may open, if nothing is said. Files that requests work with
         * at the moment may be a few more.
         */
        public Builder limit(int descriptors) {
            if (descriptors < 1) {
                throw new IllegalArgumentException("at least the root is open: limit=" + descriptors);
            }
            limit = descriptors;
            return this;
        }

        /**
         * Every file that the guest's kernel knows has a descriptor, so that one that is removed goes on for as long.
         * Without this, files beyond the limit are known by handles, where that can be.
         */
        public Builder descriptorsOnly() {
            handles = false;
            return this;
        }

        /**
         * Files are mapped into the DAX window, where that is memory of this process that is mapped with
         * {@code Mapping.anonymous}. Whoever makes a file shorter then takes pages of the window away: Java code must
         * not touch it. Without this, the device copies.
         */
        public Builder mapping() {
            mapping = true;
            return this;
        }

        /**
         * Opens the directory.
         *
         * @throws IOException if it is none, may not be opened, or Linux lacks something; with a sentence about it
         */
        public HostDirectory open() throws IOException {
            LinuxNode root = LinuxNode.root(path);
            try {
                return new HostDirectory(this, root);
            } catch (IOException | RuntimeException e) {
                root.close();
                throw e;
            }
        }
    }

    private final LinuxNode root;
    private final FileAttributes rootAttributes;
    private final Makers makers;
    private final AttributeNames attributeNames;
    private final boolean acrossMounts;
    private final Set<FsCapability> capabilities;
    private final HostLocks locks;
    private final int limit;
    private final AtomicInteger open = new AtomicInteger(1);
    private final RecentFiles recent = new RecentFiles();
    private final HostMounts mounts;

    private HostDirectory(Builder builder, LinuxNode root) throws IOException {
        this.root = root;
        makers = new Makers(builder.ownership);
        acrossMounts = builder.acrossMounts;
        attributeNames = new AttributeNames(builder.attributes, builder.accessControlLists);
        limit = builder.limit;
        locks = new HostLocks(this);
        rootAttributes = root.attributes();
        mounts = new HostMounts(this, root, rootAttributes.mount(), builder.handles);
        Set<FsCapability> all = EnumSet.allOf(FsCapability.class);
        if (!builder.accessControlLists) {
            all.remove(FsCapability.ACCESS_CONTROL_LISTS);
        }
        if (!builder.mapping) {
            all.remove(FsCapability.MAPPING);
        }
        capabilities = Set.copyOf(all);
    }

    /**
     * Serves a directory as it is safe for most.
     *
     * @throws IOException as {@link Builder#open}
     */
    public static HostDirectory open(Path directory) throws IOException {
        return builder(directory).open();
    }

    /**
     * Begins to say how a directory is served.
     *
     * @throws IOException if the process cannot be asked what it may do
     */
    public static Builder builder(Path directory) throws IOException {
        return new Builder(directory);
    }

    @Override
    public FsNode root() throws IOException {
        take();
        try {
            return new HostNode(this, new KnownFile(this, root.again(), rootAttributes, null), false);
        } catch (LinuxException e) {
            give();
            throw failed(e);
        }
    }

    @Override
    public Set<FsCapability> capabilities() {
        return capabilities;
    }

    @Override
    public void statistics(FsNode node, FsStatistics out) throws IOException {
        KnownFile known = ((HostNode) node).known();
        LinuxNode linux = known.acquire();
        try {
            FileSystemStatus status = linux.fileSystem();
            out.blockSize = status.blockSize();
            out.fragmentSize = status.fragmentSize();
            out.blocks = status.blocks();
            out.freeBlocks = status.freeBlocks();
            out.availableBlocks = status.availableBlocks();
            out.files = status.files();
            out.freeFiles = status.freeFiles();
            out.nameLength = status.nameLength();
        } catch (LinuxException e) {
            throw failed(e);
        } finally {
            known.release();
        }
    }

    @Override
    public void sync() throws IOException {
        take();
        try (LinuxDirectory directory = root.openDirectory()) {
            directory.forceFileSystem();
        } catch (LinuxException e) {
            throw failed(e);
        } finally {
            give();
        }
    }

    @Override
    public FsLocks locks() {
        return locks;
    }

    /** How many descriptors are open. */
    public int openDescriptors() {
        return open.get();
    }

    /**
     * Whether files of the root's file system can be known by handles, when descriptors are too few.
     *
     * @return false if the file system has none, the process may not use them, or {@link Builder#descriptorsOnly}
     *         says so
     */
    public boolean hasHandles() {
        return mounts.rootHasHandles();
    }

    @Override
    public void close() {
        locks.close();
        mounts.close();
        root.close();
    }

    // ── For nodes ──────────────────────────────────────────────────────────

    /** Counts a descriptor that is about to be opened, for which another may be given up. */
    void take() throws FsException {
        while (open.incrementAndGet() > limit) {
            open.decrementAndGet();
            if (!recent.giveUpOne()) {
                throw FsException.of(FsErrno.ENFILE);
            }
        }
    }

    /** Counts a descriptor of a file that is known: who uses it is not refused. */
    void takeForKnown() {
        count();
        makeRoom();
    }

    /** Counts a descriptor. */
    void count() {
        open.incrementAndGet();
    }

    /** Gives descriptors up that are too many, if they are not in use. */
    void makeRoom() {
        while (open.get() > limit && recent.giveUpOne()) {
            continue;
        }
    }

    /** Counts a descriptor that was closed, or not opened. */
    void give() {
        open.decrementAndGet();
    }

    Makers makers() {
        return makers;
    }

    AttributeNames attributeNames() {
        return attributeNames;
    }

    boolean acrossMounts() {
        return acrossMounts;
    }

    RecentFiles recent() {
        return recent;
    }

    HostMounts mounts() {
        return mounts;
    }

    boolean isRoot(KnownFile known) {
        return known.is(rootAttributes);
    }

    boolean maps() {
        return capabilities.contains(FsCapability.MAPPING);
    }

    /** What the guest is told of a failed call: the same, but for a number that is about this process. */
    static FsException failed(LinuxException e) {
        return switch (e.error()) {
            case EMFILE -> FsException.of(FsErrno.ENFILE);
            default -> FsException.of(e.errno());
        };
    }

    @Override
    public String toString() {
        return "HostDirectory[" + root + "]";
    }
}
