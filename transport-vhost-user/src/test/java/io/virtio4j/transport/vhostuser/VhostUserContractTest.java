// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;


import io.virtio4j.core.memory.GuestMemory;
import io.virtio4j.core.transport.DeviceInstance;
import io.virtio4j.host.linux.MemoryFile;
import io.virtio4j.testkit.DriverPort;
import io.virtio4j.testkit.GuestRam;
import io.virtio4j.testkit.TransportContract;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;

/** What holds for every transport, over the socket; the front-end passes device status on. */
class VhostUserContractTest extends TransportContract {

    private final OpenDescriptors before = OpenDescriptors.now();
    private final SharedRam ram = new SharedRam();
    private VhostUserServer server;
    private FrontEndPort port;
    private MemoryFile shared;

    @Override
    protected GuestRam allocateRam() {
        return ram.ram;
    }

    @Override
    protected GuestMemory deviceMemory(GuestRam unused) {
        return new GuestMemory();
    }

    @Override
    protected int featureWords() {
        return 2;
    }

    @Override
    protected MemorySegment allocateShared(long length) {
        try {
            shared = MemoryFile.create("contract", length);
            return shared.segment();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    protected DriverPort connect(DeviceInstance instance, GuestRam unused) {
        server = VhostUserServer.of(instance).carrySuspend().grace(Duration.ZERO).sharedMemory(shared).build();
        port = new FrontEndPort(FrontEnd.connect(server).negotiate(), instance);
        ram.tell(port.frontEnd);
        return port;
    }

    @AfterEach
    void nothing_is_left() {
        if (port != null) {
            port.close();
            server.close();
            shared.close();
        }
        ram.close();
        before.awaitAgain();
    }
}
