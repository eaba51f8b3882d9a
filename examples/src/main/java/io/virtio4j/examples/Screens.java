// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples;

import io.virtio4j.core.device.ExportedObjects;
import io.virtio4j.gpu.GpuDevice;
import io.virtio4j.gpu.Monitor;
import io.virtio4j.gpu.crossdomain.CrossDomain;
import io.virtio4j.gpu.desktop.ScanoutPng;
import io.virtio4j.gpu.desktop.ScanoutView;
import io.virtio4j.gpu.rfb.RfbServer;
import java.io.IOException;
import java.nio.file.Path;

/** A GPU device, and the ways to look at it. */
final class Screens {

    private Screens() {}

    static void look(Path file) throws IOException {
        // tag::look[]
        GpuDevice gpu = GpuDevice.builder().output(Monitor.of(1280, 800)).emptyOutput().build();
        RfbServer viewers = RfbServer.listen(gpu.scanout(0), 5900); // vncviewer localhost
        ScanoutView.open(gpu.scanout(0), "first output");           // a window
        gpu.scanout(1).plug(Monitor.of(1920, 1080).at(1280, 0));    // hot-plug, and later a resize
        ScanoutPng.write(gpu.scanout(0), file);                     // a photograph
        // end::look[]
        viewers.close();
        gpu.close();
    }

    static GpuDevice withContexts(ExportedObjects registry) {
        // tag::contexts[]
        GpuDevice gpu = GpuDevice.builder().output(Monitor.of(1280, 800))
                .contextType(new CrossDomain())   // images in the host's memory, for minigbm
                .hostVisibleBytes(256 << 20)      // where the driver maps them
                .exports(registry)                // what other devices find by UUID
                .build();
        // end::contexts[]
        return gpu;
    }
}
