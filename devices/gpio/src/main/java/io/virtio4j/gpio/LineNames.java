// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** The gpio-names memory block. [requestq Operation / Get Line Names] */
final class LineNames {

    private static final byte[] NONE = {};

    private LineNames() {}

    /**
     * Encodes the names of all lines, each with a zero behind it; nothing if no line has one.
     *
     * @throws IllegalArgumentException if a name cannot be one
     */
    static byte[] encode(GpioBackend backend) {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        Map<String, Integer> seen = new HashMap<>();
        for (int line = 0; line < backend.lines(); line++) {
            String name = backend.name(line);
            check(line, name);
            // > the name must be unique within a GPIO Device
            Integer before = name.isEmpty() ? null : seen.put(name, line);
            if (before != null) {
                throw new IllegalArgumentException("lines need different names, or none: line=" + line
                        + " name=" + name + " also=" + before);
            }
            block.writeBytes(name.getBytes(StandardCharsets.US_ASCII));
            block.write(0);
        }
        return seen.isEmpty() ? NONE : block.toByteArray();
    }

    private static void check(int line, String name) {
        // > encoded in 7-bit ASCII
        if (!name.chars().allMatch(c -> c >= ' ' && c < 0x7F)) {
            throw new IllegalArgumentException("a line's name is printable ASCII: line=" + line + " name="
                    + name.replaceAll("[^ -~]", "?"));
        }
    }
}
