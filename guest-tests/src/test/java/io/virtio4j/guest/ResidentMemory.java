// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What the host holds of a guest's memory now: of the file that a guest's process and servers of devices share. */
final class ResidentMemory {

    private ResidentMemory() {}

    /**
     * In bytes.
     *
     * @throws GuestFailure if the process is gone
     */
    static long of(Process guest) {
        try (Stream<String> lines = Files.lines(Path.of("/proc", Long.toString(guest.pid()), "status"))) {
            String line = lines.filter(each -> each.startsWith("RssShmem:")).findFirst().orElseThrow();
            return Long.parseLong(line.replaceAll("\\D", "")) << 10;
        } catch (IOException gone) {
            throw new GuestFailure("the guest is gone: process=" + guest.pid(), gone);
        }
    }
}
