// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.core.device.FeatureSet;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.gpu.GpuCounter;
import io.virtio4j.gpu.GpuDevice;
import io.virtio4j.gpu.GpuFeature;
import io.virtio4j.gpu.Scanout;
import io.virtio4j.gpu.desktop.ScanoutImage;
import io.virtio4j.gpu.desktop.ScanoutPng;
import io.virtio4j.host.linux.MemoryFile;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A GPU device that a guest finds on PCI or on MMIO, and photographs of what it shows. */
final class ServedGpu implements ServedDevice {

    private static final String SOCKET = "gpu.sock";
    private static final long PATIENCE_NANOS = 120_000_000_000L;

    private final GpuDevice device;
    private final DeviceSlot slot;

    /** Takes over a device in a slot. */
    ServedGpu(GpuDevice device, DeviceSlot slot) {
        this.device = device;
        this.slot = slot;
    }

    static ServedGpu serve(SharedDirectory shared, Wiring wiring, GpuDevice device, @Nullable MemoryFile hostVisible)
        throws IOException {
        DeviceInstance instance = wiring.instance(device).build();
        return new ServedGpu(device, ServedSlot.serve(shared, wiring, 3, SOCKET, instance, hostVisible));
    }

    /** Puts the device into a machine. */
    LinuxGuest.Builder plugInto(LinuxGuest.Builder machine) {
        return slot.plugInto(machine).programs(GuestPrograms.GPU);
    }

    GpuDevice device() {
        return device;
    }

    Scanout output(int number) {
        return device.scanout(number);
    }

    FeatureSet accepted() {
        return slot.accepted();
    }

    long count(GpuCounter counter) {
        return device.counters().get(counter);
    }

    // ── Photographs ────────────────────────────────────────────────────────

    /** Looks at an output again and again until the picture is as expected. */
    BufferedImage awaitPicture(int output, String what, Predicate<BufferedImage> expected) {
        long begin = System.nanoTime();
        while (true) {
            BufferedImage picture = ScanoutImage.snapshot(output(output));
            if (picture != null && expected.test(picture)) {
                return picture;
            }
            if (System.nanoTime() - begin > PATIENCE_NANOS) {
                throw new AssertionError("waited in vain for " + what + ": picture is " + photograph(output,
                    "failed-" + slot.wiring()));
            }
            nap();
        }
    }

    /** Waits for something that the guest, or the device, comes to. */
    void await(String what, BooleanSupplier condition) {
        long begin = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - begin > PATIENCE_NANOS) {
                throw new AssertionError("waited in vain for " + what + ": counters=" + device.counters());
            }
            nap();
        }
    }

    private static void nap() {
        try {
            Thread.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Leaves a photograph in {@code target/}; says where. */
    @Nullable Path photograph(int output, String name) {
        if (!output(output).isOn()) {
            return null;
        }
        try {
            Path file = Files.createDirectories(Path.of("target", "screens")).resolve(name + ".png").toAbsolutePath();
            ScanoutPng.write(output(output), file);
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException("photograph: name=" + name, e);
        }
    }

    // ── For the report ─────────────────────────────────────────────────────

    @Override
    public String type() {
        return "gpu";
    }

    @Override
    public Wiring wiring() {
        return slot.wiring();
    }

    @Override
    public List<String> acceptedNames() {
        return ServedDevice.names(accepted(), GpuFeature.values(), CoreFeature.values());
    }

    @Override
    public long operations() {
        return count(GpuCounter.COMMANDS);
    }

    @Override
    public long bytes() {
        return count(GpuCounter.TRANSFERRED_BYTES);
    }

    @Override
    public long errors() {
        return count(GpuCounter.ERRORS);
    }

    @Override
    public void close() {
        slot.close();
        device.close();
    }
}
