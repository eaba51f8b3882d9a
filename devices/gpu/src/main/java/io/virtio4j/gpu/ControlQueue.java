// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import org.jspecify.annotations.Nullable;

/** Serves the controlq: every command is complete before it is answered. [Device Operation: controlq] */
final class ControlQueue implements QueueHandler {

    private final Adapter adapter;
    private final CounterTable<GpuCounter> counters;
    private final Commands2d commands2d;
    private final CommandsBlob blobs;
    private final Commands3d commands3d;
    private @Nullable Request last;

    ControlQueue(Adapter adapter) {
        this.adapter = adapter;
        counters = adapter.counters();
        commands2d = new Commands2d(adapter);
        blobs = new CommandsBlob(adapter);
        commands3d = new Commands3d(adapter, commands2d);
    }

    @Override
    public void handle(DescriptorChain chain) {
        if (chain.writer().length() < Request.HEADER) {
            counters.count(GpuCounter.UNANSWERABLE);
            chain.complete(0);
            return;
        }
        Request request = Request.of(last, chain);
        last = request;
        counters.count(GpuCounter.COMMANDS);
        int answer = request.begin(chain) ? run(request) : ControlType.ERR_INVALID_PARAMETER;
        adapter.tell();
        // > The device MUST finish the processing before returning the command then.
        counters.count(GpuCounter.FENCES, request.hasFence() ? 1 : 0);
        if (answer != ControlType.ANSWERED) {
            counters.count(GpuCounter.ERRORS, answer >= ControlType.ERR_UNSPEC ? 1 : 0);
            request.answer(answer);
        }
        chain.complete();
    }

    private int run(Request request) {
        synchronized (adapter) {
            return switch (request.type()) {
                case ControlType.GET_DISPLAY_INFO -> commands2d.getDisplayInfo(request);
                case ControlType.RESOURCE_CREATE_2D -> commands2d.resourceCreate2d(request);
                case ControlType.RESOURCE_UNREF -> commands2d.resourceUnref(request);
                case ControlType.SET_SCANOUT -> commands2d.setScanout(request);
                case ControlType.RESOURCE_FLUSH -> commands2d.resourceFlush(request);
                case ControlType.TRANSFER_TO_HOST_2D -> commands2d.transferToHost2d(request);
                case ControlType.RESOURCE_ATTACH_BACKING -> commands2d.resourceAttachBacking(request);
                case ControlType.RESOURCE_DETACH_BACKING -> commands2d.resourceDetachBacking(request);
                case ControlType.GET_CAPSET_INFO -> commands3d.getCapsetInfo(request);
                case ControlType.GET_CAPSET -> commands3d.getCapset(request);
                case ControlType.GET_EDID -> commands2d.getEdid(request);
                case ControlType.RESOURCE_ASSIGN_UUID -> commands2d.resourceAssignUuid(request);
                case ControlType.RESOURCE_CREATE_BLOB -> blobs.resourceCreateBlob(request);
                case ControlType.SET_SCANOUT_BLOB -> blobs.setScanoutBlob(request);
                case ControlType.CTX_CREATE -> commands3d.ctxCreate(request);
                case ControlType.CTX_DESTROY -> commands3d.ctxDestroy(request);
                case ControlType.CTX_ATTACH_RESOURCE -> commands3d.ctxResource(request, true);
                case ControlType.CTX_DETACH_RESOURCE -> commands3d.ctxResource(request, false);
                case ControlType.RESOURCE_CREATE_3D -> commands3d.resourceCreate3d(request);
                case ControlType.TRANSFER_TO_HOST_3D -> commands3d.transfer3d(request, true);
                case ControlType.TRANSFER_FROM_HOST_3D -> commands3d.transfer3d(request, false);
                case ControlType.SUBMIT_3D -> commands3d.submit3d(request);
                case ControlType.RESOURCE_MAP_BLOB -> blobs.resourceMapBlob(request);
                case ControlType.RESOURCE_UNMAP_BLOB -> blobs.resourceUnmapBlob(request);
                default -> ControlType.ERR_UNSPEC;
            };
        }
    }
}
