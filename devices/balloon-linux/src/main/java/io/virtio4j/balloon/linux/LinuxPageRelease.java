// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.balloon.linux;

import io.virtio4j.core.memory.PageRelease;
import io.virtio4j.host.linux.Linux;
import io.virtio4j.host.linux.MemoryPages;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * Gives guest memory back to Linux: of a file that is shared, such as QEMU's memory-backend-memfd, for all who map it;
 * and memory of this process alone. Memory that is locked cannot be given back, nor a private mapping of a file.
 *
 * <pre>{@code
 * BalloonDevice balloon = new BalloonDevice(new LinuxPageRelease());
 * }</pre>
 *
 * <p>Needs Linux, and Java with {@code --enable-native-access=io.virtio4j.host.linux}.
 */
public final class LinuxPageRelease implements PageRelease {

    /** Creates one; any number of devices may share it. */
    public LinuxPageRelease() {
        Linux.requireSupported();
    }

    @Override
    public boolean release(MemorySegment memory, long offset, long length) throws IOException {
        return MemoryPages.giveBack(memory, offset, length);
    }

    @Override
    public int granule() {
        return Linux.pageSize();
    }

    @Override
    public String toString() {
        return "LinuxPageRelease";
    }
}
