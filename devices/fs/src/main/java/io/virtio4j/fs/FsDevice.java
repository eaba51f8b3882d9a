// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.core.device.ConfigSpace;
import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.device.Counters;
import io.virtio4j.core.device.DeviceContext;
import io.virtio4j.core.device.DeviceType;
import io.virtio4j.core.device.Feature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.device.QueueSpec;
import io.virtio4j.core.device.VirtioDevice;
import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.core.memory.SharedMemoryRegion;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.fs.backend.FsBackend;
import io.virtio4j.fs.backend.FsCapability;
import io.virtio4j.fs.backend.FsLockTable;
import io.virtio4j.fs.backend.FsLocks;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A file system that a driver mounts. [Device Types / File System Device]
 *
 * <pre>{@code
 * FsDevice device = FsDevice.of("config", backend).readOnly().build();
 * // in the guest: mount -t virtiofs config /mnt
 * }</pre>
 *
 * <p>Requests are served by the threads that work on the queues, which wait for the backend. The high priority queue
 * waits for nothing but its turn: with {@link io.virtio4j.core.queue.Runner#workerPerQueue} it has a thread of its own.
 *
 * <p>A device may be used by one instance at a time. Methods beside those of {@link VirtioDevice} may be called by any
 * thread. Closing it, after the instance, closes the backend.
 */
public final class FsDevice implements VirtioDevice, AutoCloseable {

    /** {@code VIRTIO_FS_SHMCAP_ID_CACHE} */
    private static final int DAX_WINDOW = 0;

    private static final int HIPRIO = 0;
    private static final int NOTIFICATION = 1;

    private final FsDeviceBuilder options;
    private final Set<FsCapability> capabilities;
    private final boolean readOnly;
    private final FsLocks locks;
    private final ConfigSpace config = new ConfigSpace(FsConfig.SIZE);
    private final CounterTable<FsCounter> counters = CounterTable.of(FsCounter.class);
    private final AttributeWriter writer;
    private final Initialization initialization = new Initialization(this);
    private final Notifier notifier = new Notifier(this);
    private final @Nullable MemoryRegion daxCopy;

    private final List<RequestQueue> requestQueues = new CopyOnWriteArrayList<>();
    private volatile @Nullable NotificationQueue notificationQueue;
    private volatile @Nullable Session session;
    /** The last one that ended: numbers of it are not given again. */
    private @Nullable Session ended;

    FsDevice(FsDeviceBuilder options) {
        this.options = options;
        FsBackend backend = options.backend;
        Set<FsCapability> can = backend.capabilities();
        capabilities = can.isEmpty() ? EnumSet.noneOf(FsCapability.class) : EnumSet.copyOf(can);
        readOnly = options.readOnly || backend.isReadOnly();
        FsLocks own = options.locks != null ? options.locks : backend.locks();
        locks = own != null ? own : new FsLockTable();
        writer = new AttributeWriter(options);
        MemorySegment window = options.daxWindow();
        daxCopy = window == null || capabilities.contains(FsCapability.MAPPING)
                ? null : MemoryRegion.allocate(0, window.byteSize());
        config.set(this::writeAll);
        if (options.notifications) {
            backend.listener(notifier);
        }
    }

    /**
     * Begins a device.
     *
     * @param tag what the driver mounts it by: UTF-8 of 1 to 36 bytes
     * @param backend what it serves; closed with the device
     */
    public static FsDeviceBuilder of(String tag, FsBackend backend) {
        return new FsDeviceBuilder(tag, backend);
    }

    // ── Device ID ──────────────────────────────────────────────────────────

    @Override
    public DeviceType type() {
        return DeviceType.FILE_SYSTEM;
    }

    // ── Virtqueues ─────────────────────────────────────────────────────────

    /** Without NOTIFICATION negotiated, request queues begin at 1, and the last one is not used. */
    @Override
    public List<QueueSpec> queues() {
        List<QueueSpec> queues = new ArrayList<>();
        // As large as the others: QEMU's vhost-user-fs has one size for all.
        queues.add(new QueueSpec("hiprio", options.queueSize));
        if (options.notifications) {
            queues.add(QueueSpec.named("notification"));
        }
        for (int i = 0; i < options.requestQueues; i++) {
            queues.add(options.requestQueue(i));
        }
        return queues;
    }

    // ── Feature bits ───────────────────────────────────────────────────────

    @Override
    public FeatureSet offeredFeatures() {
        return options.notifications ? FeatureSet.of(FsFeature.NOTIFICATION) : FeatureSet.NONE;
    }

    @Override
    public List<? extends Feature> features() {
        return List.of(FsFeature.values());
    }

    // ── Device configuration layout ────────────────────────────────────────

    @Override
    public ConfigSpace configSpace() {
        return config;
    }

    private void writeAll(MemorySegment fields) {
        byte[] tag = options.tag.getBytes(StandardCharsets.UTF_8);
        MemorySegment.copy(MemorySegment.ofArray(tag), 0, fields, FsConfig.TAG, tag.length);
        // > The device MUST set num_request_queues to 1 or greater.
        FsConfig.NUM_REQUEST_QUEUES.set(fields, 0, options.requestQueues);
        // > The device MUST set notify_buf_size to be large enough to hold any of the FUSE notify messages
        FsConfig.NOTIFY_BUF_SIZE.set(fields, 0, options.notifications
                ? Math.max(Notifier.largestName(), Notifier.storeOverhead() + options.largestStore) : 0);
    }

    // ── Device Initialization ──────────────────────────────────────────────

    @Override
    public List<SharedMemoryRegion> sharedMemory() {
        MemorySegment window = options.daxWindow();
        return window == null ? List.of() : List.of(new SharedMemoryRegion(DAX_WINDOW, window));
    }

    @Override
    public QueueHandler startQueue(VirtQueue queue, DeviceContext context) {
        int index = queue.index();
        if (index == HIPRIO) {
            return new HighPriorityQueue(this);
        }
        boolean notifies = context.negotiated().has(FsFeature.NOTIFICATION);
        if (notifies && index == NOTIFICATION) {
            NotificationQueue started = new NotificationQueue(this, queue);
            notificationQueue = started;
            return started;
        }
        if (index > options.requestQueues + (notifies ? 1 : 0)) {
            return QueueHandler.unused();
        }
        RequestQueue started = new RequestQueue(this, queue, options.executor);
        requestQueues.add(started);
        return started;
    }

    @Override
    public void stopQueue(VirtQueue queue) {
        NotificationQueue notifications = notificationQueue;
        if (notifications != null && notifications.isOf(queue)) {
            notificationQueue = null;
        }
        for (RequestQueue requests : requestQueues) {
            if (requests.isOf(queue)) {
                requests.stop();
                requestQueues.remove(requests);
            }
        }
    }

    @Override
    public void reset() {
        endSession();
    }

    /** > The next FUSE_INIT message terminates the current session and starts a new session */
    void initialize(Request request) throws IOException {
        synchronized (initialization) {
            initialization.serve(request);
        }
    }

    void begin(Session begun) {
        counters.count(FsCounter.SESSIONS);
        session = begun;
    }

    void destroy(Request request) {
        endSession();
        request.answer();
    }

    /** Ends the session, if there is one. */
    @Nullable Session endSession() {
        synchronized (initialization) {
            Session now = session;
            if (now != null) {
                session = null;
                ended = now;
                now.close();
            }
            return ended;
        }
    }

    @Nullable Session session() {
        return session;
    }

    // ── Device Operation ───────────────────────────────────────────────────

    @Override
    public Counters<FsCounter> counters() {
        return counters;
    }

    /** The same, to count in. */
    CounterTable<FsCounter> counts() {
        return counters;
    }

    /** How many files the driver knows now; 0 if it has mounted nothing. */
    public int nodes() {
        Session now = session;
        return now == null ? 0 : now.nodes().count();
    }

    /** How many files and directories the driver has open now. */
    public int handles() {
        Session now = session;
        return now == null ? 0 : now.handles().count();
    }

    /**
     * Puts data into the driver's page cache, if it knows the file and has negotiated NOTIFICATION.
     *
     * @param file the {@linkplain io.virtio4j.fs.backend.FsNode#identity() identity} of the file
     * @param offset where in the file
     * @param data at most as many bytes as {@link FsDeviceBuilder#largestStore} says
     * @return whether a message waits to be taken
     */
    public boolean store(Object file, long offset, byte[] data) {
        if (data.length > options.largestStore || offset < 0) {
            throw new IllegalArgumentException("too much to be stored at once, or nowhere: offset=" + offset
                    + " length="
                    + data.length + " largestStore=" + options.largestStore);
        }
        return notifier.store(file, offset, data);
    }

    boolean send(byte[] message) {
        NotificationQueue queue = notificationQueue;
        if (queue == null) {
            return false;
        }
        boolean added = queue.add(message);
        if (!added) {
            counters.count(FsCounter.DROPPED_NOTIFICATIONS);
        }
        return added;
    }

    /** The driver gave up a request of this number; whether there is one. */
    boolean interrupt(long unique) {
        boolean found = false;
        for (RequestQueue queue : requestQueues) {
            found |= queue.interrupt(unique);
        }
        return found;
    }

    FsDeviceBuilder options() {
        return options;
    }

    FsBackend backend() {
        return options.backend;
    }

    FsLocks locks() {
        return locks;
    }

    AttributeWriter writer() {
        return writer;
    }

    boolean isReadOnly() {
        return readOnly;
    }

    boolean can(FsCapability capability) {
        return capabilities.contains(capability);
    }

    @Nullable MemorySegment daxCopy() {
        return daxCopy == null ? null : daxCopy.segment();
    }

    void backendFailed(Throwable fault) {
        counters.count(FsCounter.BACKEND_FAULTS);
        options.onBackendFault.accept(fault);
    }

    // ── State ──────────────────────────────────────────────────────────────

    /**
     * What the driver has mounted: numbers with the paths that lead to their files, open files, locks, mappings. What
     * the files hold is the backend's.
     */
    @Override
    public void save(StateWriter out) {
        new SavedSession(this).save(out);
    }

    /**
     * Looks files up by their paths and opens them again, in a backend that has the same tree. What is not found there,
     * such as an open file without a name, is gone for the driver: ESTALE. Of a lock that others have by now,
     * {@link FsDeviceBuilder#onBackendFault} learns.
     */
    @Override
    public void restore(StateReader in) {
        SavedSession saved = new SavedSession(this);
        saved.read(in);
        saved.restore();
    }

    @Override
    public void close() throws IOException {
        endSession();
        options.backend.listener(null);
        options.backend.close();
        if (daxCopy != null) {
            daxCopy.close();
        }
        if (options.ownWindow != null) {
            options.ownWindow.close();
        }
    }

    @Override
    public String toString() {
        return "FsDevice[" + options.tag + " " + options.backend + (readOnly ? " read-only]" : "]");
    }
}
