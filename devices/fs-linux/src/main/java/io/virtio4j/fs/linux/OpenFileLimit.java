// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How many descriptors this process may have. */
final class OpenFileLimit {
    private static final String LINE = "Max open files";
    private static final int MOST = 1 << 20;

    private OpenFileLimit() {}

    static int ofProcess() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/limits"))) {
            if (line.startsWith(LINE)) {
                String soft = line.substring(LINE.length()).strip().split(" ", 2)[0];
                return soft.equals("unlimited") ? MOST : (int) Math.min(MOST, Long.parseLong(soft));
            }
        }
        throw new IOException("/proc/self/limits: has no line: " + LINE);
    }
}
