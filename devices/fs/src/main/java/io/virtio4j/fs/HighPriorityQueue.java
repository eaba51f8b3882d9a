// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The queue for what the driver takes back: lookups and requests. It takes no lock that a request could hold while it
 * waits for the backend. [File System Device / Device Operation / Device Operation: High Priority Queue]
 */
final class HighPriorityQueue implements QueueHandler {

    private final FsDevice device;
    private final Request request;

    HighPriorityQueue(FsDevice device) {
        this.device = device;
        request = new Request(device);
    }

    @Override
    public void handle(DescriptorChain chain) {
        device.counts().count(FsCounter.REQUESTS);
        request.begin(chain);
        try {
            serve(request.opcode());
        } catch (FsException e) {
            request.error(e.number());
        } catch (IOException | IllegalStateException e) {
            device.backendFailed(e);
            request.error(FsErrno.EIO.number());
        } finally {
            request.finish();
        }
    }

    private void serve(@Nullable FuseOpcode opcode) throws IOException {
        if (chainIsBad() || opcode == null || !request.hasSession()) {
            throw FsException.of(FsErrno.EIO);
        }
        request.session().serveHighPriority(request, opcode);
    }

    private boolean chainIsBad() {
        return request.chain().hasUnmapped();
    }
}
