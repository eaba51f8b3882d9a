// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import io.virtio4j.host.linux.EventFd;
import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.UnixSocket;
import java.io.IOException;

/** Received descriptors become what the message says they are, or are closed. */
final class Descriptors {

    private Descriptors() {}

    /** Eventfds mostly; the protocol knows of pipes, and user-mode Linux sends sockets. */
    static EventFd event(FileDescriptor descriptor) throws Refusal {
        try {
            return EventFd.ofPeer(descriptor);
        } catch (IOException e) {
            descriptor.close();
            throw Refusal.of(e);
        }
    }

    static UnixSocket socket(FileDescriptor descriptor) throws Refusal {
        try {
            return UnixSocket.of(descriptor);
        } catch (IOException e) {
            descriptor.close();
            throw Refusal.of(e);
        }
    }
}
