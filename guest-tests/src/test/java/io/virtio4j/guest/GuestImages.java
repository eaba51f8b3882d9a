// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;

/** What {@code guest-tests/prepare} made. */
final class GuestImages {

    private final Path list;
    private final Properties properties;

    private GuestImages(Path list, Properties properties) {
        this.list = list;
        this.properties = properties;
    }

    /** The images in the directory that {@code virtio4j.guest.dir} names, or in the default one. */
    static GuestImages prepared() {
        return in(directory());
    }

    static GuestImages in(Path directory) {
        Path list = directory.resolve("guest.properties");
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(list)) {
            properties.load(reader);
        } catch (IOException missing) {
            throw new UncheckedIOException(
                "no prepared guest: run guest-tests/prepare as root first: list=" + list, missing);
        }
        return new GuestImages(list, properties);
    }

    private static Path directory() {
        String chosen = System.getProperty("virtio4j.guest.dir", "");
        if (!chosen.isEmpty()) {
            return Path.of(chosen);
        }
        Path cache = present("XDG_CACHE_HOME").map(Path::of)
            .orElseGet(() -> Path.of(present("HOME").orElse("/root"), ".cache"));
        return cache.resolve("virtio4j-guest");
    }

    private static Optional<String> present(String variable) {
        return Optional.ofNullable(System.getenv(variable)).filter(value -> !value.isEmpty());
    }

    /** The Debian tree, which is the root directory of QEMU. */
    Path tree() {
        return Path.of(value("tree"));
    }

    /** The kernel's file as it is called inside the tree. */
    String kernel(GuestKernel kernel) {
        return value(kernel.property("kernel"));
    }

    /** The file of the initial file system with a group's programs, as it is called in the tree. */
    String initramfs(GuestKernel kernel, GuestPrograms programs) {
        return value(programs.property(kernel.property("initramfs")));
    }

    /** The file of user-mode Linux's initial file system with a group's programs. */
    String userModeInitramfs(GuestPrograms programs) {
        return value(programs.property("user-mode.initramfs"));
    }

    /** What {@code uname -r} prints under the kernel. */
    String release(GuestKernel kernel) {
        return value(kernel.property("release"));
    }

    private String value(String key) {
        String value = properties.getProperty(key);
        if (value == null) {
            throw new IllegalStateException(
                "run guest-tests/prepare again, its list lacks: list=" + list + " key=" + key);
        }
        return value;
    }
}
