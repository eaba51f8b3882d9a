// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.host.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** What {@code /proc/self/fd} says about this process. */
final class OpenDescriptors {
    private static final Path DIRECTORY = Path.of("/proc/self/fd");

    private OpenDescriptors() {}

    /** How many sockets, eventfds, epoll instances and memory files are open. */
    static int count() throws IOException {
        return count(target -> target.startsWith("socket:") || target.startsWith("anon_inode:")
                || target.startsWith("/memfd:"));
    }

    /** How many descriptors lead to a path. */
    static int count(Path path) throws IOException {
        return count(path.toString()::equals);
    }

    private static int count(Predicate<String> wanted) throws IOException {
        int count = 0;
        try (Stream<Path> links = Files.list(DIRECTORY)) {
            for (Path link : links.toList()) {
                count += wanted.test(target(link)) ? 1 : 0;
            }
        }
        return count;
    }

    /** The flags of an open descriptor as {@code open(2)} has them. */
    static int flags(FileDescriptor descriptor) throws IOException {
        String info = Files.readString(Path.of("/proc/self/fdinfo/" + descriptor.number()));
        String flags = info.lines().filter(line ->
                line.startsWith("flags:")).findFirst().orElseThrow();
        return Integer.parseInt(flags.substring(6).strip(), 8);
    }

    /** What a descriptor leads to, empty if it is not open. */
    static String target(int number) throws IOException {
        return target(DIRECTORY.resolve(Integer.toString(number)));
    }

    private static String target(Path link) throws IOException {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (NoSuchFileException closed) {
            return "";
        }
    }
}
