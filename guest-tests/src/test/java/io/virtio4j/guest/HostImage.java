// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** A disk's image as the host sees it: looked into without a guest. */
public final class HostImage {

    private final SharedDirectory shared;
    private final String name;

    private HostImage(SharedDirectory shared, String name) {
        this.shared = shared;
        this.name = name;
    }

    /** Makes an image of zeros that occupies nothing. */
    public static HostImage create(SharedDirectory shared, String name, long bytes) {
        try (RandomAccessFile file = new RandomAccessFile(shared.path(name).toFile(), "rw")) {
            file.setLength(bytes);
            return new HostImage(shared, name);
        } catch (IOException failure) {
            throw new UncheckedIOException("image not made: name=" + name, failure);
        }
    }

    /** The file, for this process. */
    public Path path() {
        return shared.path(name);
    }

    /** The file's name for QEMU. */
    public String inside() {
        return shared.inside(name);
    }

    /** What the image occupies on the host's disk, in bytes. */
    public long allocated() {
        return 512L * Long.parseLong(shared.run("stat", "-c", "%b", inside()));
    }

    /** Makes the image larger or smaller. */
    public void resize(long bytes) {
        try (RandomAccessFile file = new RandomAccessFile(path().toFile(), "rw")) {
            file.setLength(bytes);
        } catch (IOException failure) {
            throw new UncheckedIOException("image not resized: name=" + name, failure);
        }
    }

    /** Makes an ext4 file system that holds one file. */
    public void makeFileSystem(String file, byte[] content) {
        try {
            Files.createDirectory(shared.path("root"));
            Files.write(shared.path("root").resolve(file), content);
        } catch (IOException failure) {
            throw new UncheckedIOException("file not made: name=" + file, failure);
        }
        shared.run("mkfs.ext4", "-q", "-d", shared.inside("root"), inside());
    }

    /** Reads bytes of the image. */
    public byte[] bytes(long offset, int count) {
        byte[] bytes = new byte[count];
        try (RandomAccessFile file = new RandomAccessFile(path().toFile(), "r")) {
            file.seek(offset);
            file.readFully(bytes);
            return bytes;
        } catch (IOException failure) {
            throw new UncheckedIOException("image not read: name=" + name + " offset=" + offset, failure);
        }
    }

    /** Fails unless the file system has these files: names to SHA-256. */
    public void checkFiles(Map<String, String> sums) {
        for (Map.Entry<String, String> entry : sums.entrySet()) {
            String found = sha256(file("/" + entry.getKey()));
            if (!found.equals(entry.getValue())) {
                throw new GuestFailure("file in the image is another than the guest's: name="
                    + entry.getKey() + " guest=" + entry.getValue() + " image=" + found);
            }
        }
    }

    /** The sum of bytes, as {@code sha256sum} prints it. */
    static String sha256(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException("every Java has SHA-256", missing);
        }
    }

    /** Checks the ext4 file system in the image; returns normally if there is nothing to mend. */
    public void checkFileSystem() {
        shared.run("e2fsck", "-f", "-n", inside());
    }

    /** Replays the journal, as a mount after a power failure does. No more must be to mend. */
    public void recoverFileSystem() {
        shared.run("e2fsck", "-E", "journal_only", "-p", inside());
        checkFileSystem();
    }

    /** Reads a file out of the ext4 file system in the image. */
    public byte[] file(String path) {
        String copy = shared.inside("copy");
        shared.run("debugfs", "-R", "dump -p " + path + " " + copy, inside());
        try {
            byte[] content = Files.readAllBytes(shared.path("copy"));
            Files.delete(shared.path("copy"));
            return content;
        } catch (IOException failure) {
            throw new GuestFailure("file not in the image: path=" + path, failure);
        }
    }
}
