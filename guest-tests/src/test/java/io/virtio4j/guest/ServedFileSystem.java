// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.fs.FsCounter;
import io.virtio4j.fs.FsDevice;
import io.virtio4j.fs.FsDeviceBuilder;
import io.virtio4j.fs.FsFeature;
import io.virtio4j.fs.backend.FsBackend;
import io.virtio4j.host.linux.MemoryFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A directory of the host that a guest finds in a slot, on PCI or on MMIO: with a worker for each queue. */
final class ServedFileSystem implements ServedDevice {

    private final FsDevice device;
    private final ServedSlot slot;

    private ServedFileSystem(FsDevice device, ServedSlot slot) {
        this.device = device;
        this.slot = slot;
    }

    /** Makes a directory in the shared one, and serves it in slot 3 by the name {@link FileSystemPlug#TAG}. */
    static ServedFileSystem serve(SharedDirectory shared, String directory, Wiring wiring,
        UnaryOperator<FsDeviceBuilder> choices) throws IOException {
        Path path = shared.path(directory);
        if (!Files.exists(path)) {
            Files.createDirectory(path);
        }
        return serve(shared, 3, wiring, FileSystemPlug.TAG, FileSystemPlug.backend(path), choices);
    }

    /** The same with a DAX window, which the guest's processors reach. */
    static ServedFileSystem serveWithWindow(SharedDirectory shared, String directory, Wiring wiring, MemoryFile window)
        throws IOException {
        Path path = Files.createDirectory(shared.path(directory));
        return serve(shared, 3, wiring, FileSystemPlug.TAG, FileSystemPlug.backend(path), device -> device, window);
    }

    /**
     * Serves a file system.
     *
     * @param slot on bus 0; on MMIO 3, 7, 11 ...
     * @param tag what the guest mounts it by
     */
    static ServedFileSystem serve(SharedDirectory shared, int slot, Wiring wiring, String tag, FsBackend backend,
        UnaryOperator<FsDeviceBuilder> choices) throws IOException {
        return serve(shared, slot, wiring, tag, backend, choices, null);
    }

    /**
     * The same with a DAX window, which the guest's processors reach.
     *
     * @param window the caller's. On MMIO it takes the next slot
     */
    static ServedFileSystem serve(SharedDirectory shared, int slot, Wiring wiring, String tag, FsBackend backend,
        UnaryOperator<FsDeviceBuilder> choices, @Nullable MemoryFile window) throws IOException {
        FsDeviceBuilder builder = choices.apply(FsDevice.of(tag, backend).requestQueues(wiring.queues()));
        if (window != null) {
            builder.daxWindow(window.segment());
        }
        FsDevice device = builder.build();
        return new ServedFileSystem(device, ServedSlot.serve(shared, wiring, slot, "fs" + slot + ".sock",
            wiring.instance(device).build(), window));
    }

    /** Puts the device into a machine. */
    LinuxGuest.Builder plugInto(LinuxGuest.Builder machine) {
        return slot.plugInto(machine).programs(GuestPrograms.FS);
    }

    FsDevice device() {
        return device;
    }

    FeatureSet accepted() {
        return slot.accepted();
    }

    long count(FsCounter counter) {
        return device.counters().get(counter);
    }

    @Override
    public String type() {
        return "fs";
    }

    @Override
    public Wiring wiring() {
        return slot.wiring();
    }

    @Override
    public List<String> acceptedNames() {
        return ServedDevice.names(accepted(), FsFeature.values(), CoreFeature.values());
    }

    @Override
    public long operations() {
        return count(FsCounter.REQUESTS);
    }

    @Override
    public long bytes() {
        return count(FsCounter.READ_BYTES) + count(FsCounter.WRITTEN_BYTES);
    }

    /** Faults of the backend; that a request is answered with an error number is usual. */
    @Override
    public long errors() {
        return count(FsCounter.BACKEND_FAULTS);
    }

    @Override
    public void close() {
        slot.close();
        try {
            device.close();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
