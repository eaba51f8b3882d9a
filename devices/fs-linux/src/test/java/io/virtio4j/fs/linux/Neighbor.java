// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A directory beside the one that is served, and how it was. */
final class Neighbor {

    static final String SECRET = "the secret";
    private static final String ATTRIBUTES = "unix:mode,uid,gid,ino,nlink,size,lastModifiedTime,ctime";

    private final Path outside;
    private final Map<Path, String> before;

    private Neighbor(Path outside) throws IOException {
        this.outside = outside;
        before = look();
    }

    static Neighbor make(Path place) throws IOException {
        Path outside = Files.createDirectory(place.resolve("outside"));
        Files.writeString(outside.resolve("secret"), SECRET);
        Files.createDirectory(outside.resolve("d"));
        return new Neighbor(outside);
    }

    Path path() {
        return outside;
    }

    private Map<Path, String> look() throws IOException {
        Map<Path, String> found = new TreeMap<>();
        try (Stream<Path> all = Files.walk(outside)) {
            for (Path path : all.toList()) {
                found.put(path, new TreeMap<>(Files.readAttributes(path, ATTRIBUTES, LinkOption.NOFOLLOW_LINKS))
                        .toString());
            }
        }
        return found;
    }

    /** Neither content nor attributes nor names are others. */
    void assertUntouched() throws IOException {
        assertEquals(before, look());
        assertEquals(SECRET, Files.readString(outside.resolve("secret")));
    }
}
