// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vhostuser;

import io.virtio4j.core.memory.MemoryRegion;
import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.LinuxFile;
import io.virtio4j.host.linux.Mapping;
import io.virtio4j.host.linux.Seal;
import io.virtio4j.testkit.GuestRam;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;

/** Memory of a front-end: a file that can be sent, the front-end's view of it, and the guest's. */
final class SharedRam implements AutoCloseable {

    static final long SIZE = 2 << 20;

    /** A front-end's own addresses are others than the guest's. */
    static final long USER = 0x7F12_3400_0000L;

    final LinuxFile file;
    final Mapping mapping;
    final GuestRam ram;

    SharedRam() {
        this(SIZE, Seal.SHRINK);
    }

    SharedRam(long size, Seal... seals) {
        try {
            file = LinuxFile.memory("vhost-user-test", size);
            mapping = Mapping.shared(file.descriptor(), 0, size, Mapping.Access.READ_WRITE);
            file.seal(seals);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        ram = GuestRam.empty().add(MemoryRegion.of(GuestRam.BASE, mapping.segment()));
    }

    FileDescriptor descriptor() {
        return file.descriptor();
    }

    MemorySegment segment() {
        return mapping.segment();
    }

    static long user(long guest) {
        return guest - GuestRam.BASE + USER;
    }

    /** The whole of it as a region of a message. */
    byte[] region() {
        return FrontEnd.region(GuestRam.BASE, mapping.length(), USER, 0);
    }

    void tell(FrontEnd frontEnd) {
        frontEnd.accepted(FrontEnd.SET_MEM_TABLE, FrontEnd.table(1, region()), descriptor());
    }

    @Override
    public void close() {
        mapping.close();
        file.close();
    }
}
