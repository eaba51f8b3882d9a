// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.fs.backend.FsBackend;
import io.virtio4j.fs.backend.FsFile.Caching;
import io.virtio4j.fs.backend.FsLocks;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The choices for a {@link FsDevice}; each has a default that suits most. */
public final class FsDeviceBuilder {

    private static final Logger LOG = LoggerFactory.getLogger(FsDevice.class);

    static final int PAGE = 4096;
    private static final int MOST_QUEUES = 64;
    private static final int LEAST_WRITE = 4096;
    private static final int MOST_WRITE = 16 << 20;

    final String tag;
    final FsBackend backend;
    int requestQueues = 1;
    int queueSize = 512;
    boolean readOnly;
    boolean deviceNodes;
    boolean writebackCache;
    boolean notifications;
    int largestStore = PAGE;
    IdMap users = IdMap.IDENTITY;
    IdMap groups = IdMap.IDENTITY;
    Duration entryTimeout = Duration.ofSeconds(1);
    Duration attributeTimeout = Duration.ofSeconds(1);
    Duration negativeTimeout = Duration.ZERO;
    @Nullable Caching caching;
    int maxNodes = 1 << 20;
    int maxHandles = 1 << 16;
    int maxWrite = 1 << 20;
    @Nullable Executor executor;
    @Nullable FsLocks locks;
    Consumer<Throwable> onBackendFault = FsDeviceBuilder::log;
    private @Nullable MemorySegment daxWindow;
    @Nullable MemoryRegion ownWindow;

    FsDeviceBuilder(String tag, FsBackend backend) {
        this.tag = tag;
        this.backend = backend;
    }

    private static void log(Throwable fault) {
        LOG.warn("backend of a file system failed", fault);
    }

    /**
     * How many request queues there are, 1 to 64. Default: 1. More than one helps with a {@linkplain
     * io.virtio4j.core.queue.Runner#workerPerQueue worker for each queue}.
     */
    public FsDeviceBuilder requestQueues(int count) {
        requestQueues = count;
        return this;
    }

    /**
     * How many entries a request queue has at most. Default: 512. Linux moves as many pages at once, less four, as the
     * driver's queue has entries.
     */
    public FsDeviceBuilder queueSize(int entries) {
        queueSize = entries;
        return this;
    }

    /** Nothing can be changed by the driver. Default: only if the backend says so. */
    public FsDeviceBuilder readOnly() {
        readOnly = true;
        return this;
    }

    /**
     * The driver may make device nodes and whiteouts in the backend, if that can. Default: it may not: to the host, a
     * device node is a device.
     */
    public FsDeviceBuilder deviceNodes() {
        deviceNodes = true;
        return this;
    }

    /**
     * Lets the driver collect what is written and keep the times of files itself: faster, for a backend that nobody
     * else changes. Default: writes are passed on at once.
     */
    public FsDeviceBuilder writebackCache() {
        writebackCache = true;
        return this;
    }

    /** Offers NOTIFICATION: changes that others make are told to a driver that knows of it. Linux does not. */
    public FsDeviceBuilder notifications() {
        notifications = true;
        return this;
    }

    /** The most bytes that {@link FsDevice#store} takes at once; with notifications. Default: 4096. */
    public FsDeviceBuilder largestStore(int bytes) {
        largestStore = bytes;
        return this;
    }

    /** How numbers of users and groups are those of the backend. Default: they are the same. */
    public FsDeviceBuilder ids(IdMap userMap, IdMap groupMap) {
        users = userMap;
        groups = groupMap;
        return this;
    }

    /**
     * For how long the driver may believe what it was told. Longer is faster; zero shows at once what others change.
     * Default: a second for names and attributes, not at all that there is nothing of a name.
     *
     * @param entries what a name leads to
     * @param attributes attributes of a file
     * @param negative that there is nothing of a name
     */
    public FsDeviceBuilder timeouts(Duration entries, Duration attributes, Duration negative) {
        entryTimeout = entries;
        attributeTimeout = attributes;
        negativeTimeout = negative;
        return this;
    }

    /**
     * What the driver's page cache may keep, whatever the backend says; but files that it says are {@linkplain
     * Caching#NEVER never} to be kept are not. With {@link Caching#ALWAYS} data, and listings of directories, are kept
     * when a file is opened again, as long as its size and time of modification are what they were: the driver looks at
     * them when the timeout of attributes is over. With a {@linkplain #writebackCache cache of writes} it does not
     * look. Default: as the backend says for each file, and no listings.
     */
    public FsDeviceBuilder caching(Caching policy) {
        caching = policy;
        return this;
    }

    /** How many files the driver may know at once; ENFILE beyond. Default: 1,048,576. */
    public FsDeviceBuilder maxNodes(int count) {
        maxNodes = count;
        return this;
    }

    /** How many files and directories the driver may have open at once; ENFILE beyond. Default: 65,536. */
    public FsDeviceBuilder maxHandles(int count) {
        maxHandles = count;
        return this;
    }

    /** The most bytes that are written at once: 4096 to 16 MiB, whole pages. Default: 1 MiB. */
    public FsDeviceBuilder maxWrite(int bytes) {
        maxWrite = bytes;
        return this;
    }

    /**
     * Serves requests of a queue at the same time, by threads of this executor: for a backend that is slow, and a
     * driver with few queues. Default: each queue's worker serves one after the other, which costs least.
     */
    public FsDeviceBuilder executor(Executor threads) {
        executor = threads;
        return this;
    }

    /** Who keeps the locks of files. Default: the backend, if it does that, else a table of the device's own. */
    public FsDeviceBuilder locks(FsLocks table) {
        locks = table;
        return this;
    }

    /**
     * Who learns of exceptions of the backend that have no error number, and of locks of a restored session that others
     * have now. Default: the log.
     */
    public FsDeviceBuilder onBackendFault(Consumer<Throwable> handler) {
        onBackendFault = handler;
        return this;
    }

    /** Offers a DAX window of so many bytes, a multiple of 2 MiB; sparse. Default: there is none. */
    public FsDeviceBuilder daxWindow(long bytes) {
        checkWindow(bytes);
        ownWindow = MemoryRegion.allocate(0, bytes);
        daxWindow = ownWindow.segment();
        return this;
    }

    /**
     * Offers a DAX window.
     *
     * @param window its memory; native, a multiple of 2 MiB, valid as long as the device. For a backend that maps files
     *     itself, such as it can map into
     */
    public FsDeviceBuilder daxWindow(MemorySegment window) {
        checkWindow(window.byteSize());
        daxWindow = window;
        return this;
    }

    private static void checkWindow(long bytes) {
        if (bytes <= 0 || bytes % (2 << 20) != 0) {
            throw new IllegalArgumentException("a DAX window has a multiple of 2 MiB: bytes=" + bytes);
        }
    }

    /**
     * Makes the device.
     *
     * @throws IllegalArgumentException if the choices do not fit together; the message says what to do
     */
    public FsDevice build() {
        int length = tag.getBytes(StandardCharsets.UTF_8).length;
        if (length < 1 || length > FsConfig.TAG_LENGTH || tag.indexOf(0) >= 0) {
            throw new IllegalArgumentException("a tag has 1 to " + FsConfig.TAG_LENGTH + " bytes: tag=" + tag);
        }
        check("requestQueues", requestQueues, 1, MOST_QUEUES);
        check("queueSize", queueSize, 1, 32768);
        check("maxNodes", maxNodes, 1, 1 << 24);
        check("maxHandles", maxHandles, 1, 1 << 24);
        check("maxWrite", maxWrite, LEAST_WRITE, MOST_WRITE);
        check("largestStore", largestStore, 1, MOST_WRITE);
        if (maxWrite % PAGE != 0) {
            throw new IllegalArgumentException("whole pages are written: maxWrite=" + maxWrite);
        }
        return new FsDevice(this);
    }

    private static void check(String what, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(what + " has to be " + least + " to " + most + ": " + what + "="
                    + value);
        }
    }

    // ── For the device ─────────────────────────────────────────────────────

    @Nullable MemorySegment daxWindow() {
        return daxWindow;
    }

    boolean hasDax() {
        return daxWindow != null;
    }

    int maxPages() {
        return maxWrite / PAGE;
    }

    QueueSpec requestQueue(int number) {
        return new QueueSpec("request." + number, queueSize);
    }
}
