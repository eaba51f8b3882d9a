// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.MemoryFile;
import io.virtio4j.host.linux.UnixAddress;
import io.virtio4j.transport.pci.PciInterrupts;
import io.virtio4j.transport.pci.PciTransport;
import io.virtio4j.transport.pci.PciTransportBuilder;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/** The choices for a {@link VfioUserServer}; each has a default that suits most. */
public final class VfioUserServerBuilder {

    final Function<PciInterrupts, VfioUserFunction> factory;
    private Consumer<PciTransportBuilder> choices = pci -> {};
    final List<MemoryFile> files = new ArrayList<>();
    boolean trusted;
    Duration unmapGrace = Duration.ofSeconds(3);

    VfioUserServerBuilder(DeviceInstance device) {
        factory = interrupts -> {
            PciTransportBuilder pci = PciTransport.of(device, interrupts).externalMsixTable();
            choices.accept(pci);
            return VfioUserFunction.of(pci.build());
        };
    }

    VfioUserServerBuilder(Function<PciInterrupts, VfioUserFunction> factory) {
        this.factory = factory;
    }

    /**
     * Makes choices for the {@link PciTransport} that is served. Only for a server of a device.
     *
     * @param newChoices is called when the server is made
     */
    public VfioUserServerBuilder pci(Consumer<PciTransportBuilder> newChoices) {
        choices = newChoices;
        return this;
    }

    /**
     * Lets the client map what of the function's memory lies in this file: the shared memory of a device, such as
     * a DAX window or the host visible memory of a GPU. A guest's processors then reach it without a message.
     * Default: memory is registers, each access of which is a message.
     *
     * <p>A client that has left keeps what it has mapped. Where clients must not see each other's data, give each
     * a device and a server of its own. A function that does not fit the file is refused when the server is made.
     *
     * @param file with what the device was given as its shared memory; stays the embedder's, open until the server
     *     is closed
     */
    public VfioUserServerBuilder sharedMemory(MemoryFile file) {
        files.add(file);
        return this;
    }

    /**
     * Also maps files that the client could truncate. Touching a page that is gone ends the process at
     * worst, so the client has to be trusted as a part of it. Default: the client has to seal its memory
     * against shrinking, as QEMU's {@code memory-backend-memfd} does, and other memory is refused.
     */
    public VfioUserServerBuilder trustMemory() {
        trusted = true;
        return this;
    }

    /**
     * How long an unmap waits for the device to finish what it does in the memory; after that it fails with
     * {@code EBUSY}, and the client may try again. Default: 3 seconds. QEMU waits for 5.
     */
    public VfioUserServerBuilder unmapGrace(Duration grace) {
        unmapGrace = grace;
        return this;
    }

    /**
     * Makes a server that does not listen: give it connections with {@link VfioUserServer#serve}.
     *
     * @throws IllegalArgumentException if the function cannot be served
     */
    public VfioUserServer build() {
        return new VfioUserServer(this);
    }

    /**
     * Makes a server that listens, on a daemon thread of its own. Clients can connect when this returns.
     *
     * @param address where; a socket file that a server left behind is replaced
     * @throws IllegalArgumentException if the function cannot be served
     * @throws IOException if the address is in use, or cannot be used
     */
    public VfioUserServer listen(UnixAddress address) throws IOException {
        VfioUserServer server = build();
        server.listen(address);
        return server;
    }
}
