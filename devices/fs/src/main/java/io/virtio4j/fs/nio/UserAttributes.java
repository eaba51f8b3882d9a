// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.nio;

import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.List;

/** Extended attributes of a file: those of users, which is what Java has. */
final class UserAttributes {

    private static final String PREFIX = "user.";

    private final UserDefinedFileAttributeView view;

    private UserAttributes(UserDefinedFileAttributeView view) {
        this.view = view;
    }

    static UserAttributes of(Path path) throws FsException {
        UserDefinedFileAttributeView view = Files.getFileAttributeView(path, UserDefinedFileAttributeView.class,
                LinkOption.NOFOLLOW_LINKS);
        if (view == null || Files.isSymbolicLink(path)) {
            throw FsException.of(FsErrno.EOPNOTSUPP);
        }
        return new UserAttributes(view);
    }

    private static String key(byte[] name) throws FsException {
        String text = new String(name, StandardCharsets.UTF_8);
        if (!text.startsWith(PREFIX)) {
            throw FsException.of(FsErrno.EOPNOTSUPP);
        }
        return text.substring(PREFIX.length());
    }

    private String existing(byte[] name) throws IOException {
        String key = key(name);
        if (!view.list().contains(key)) {
            throw FsException.of(FsErrno.ENODATA);
        }
        return key;
    }

    byte[] read(byte[] name) throws IOException {
        String key = existing(name);
        ByteBuffer value = ByteBuffer.allocate(view.size(key));
        view.read(key, value);
        return value.array();
    }

    List<byte[]> names() throws IOException {
        List<byte[]> all = new ArrayList<>();
        for (String key : view.list()) {
            all.add((PREFIX + key).getBytes(StandardCharsets.UTF_8));
        }
        return all;
    }

    void write(byte[] name, byte[] value, boolean create, boolean replace) throws IOException {
        String key = key(name);
        boolean exists = view.list().contains(key);
        if (create && exists || replace && !exists) {
            throw FsException.of(exists ? FsErrno.EEXIST : FsErrno.ENODATA);
        }
        view.write(key, ByteBuffer.wrap(value));
    }

    void remove(byte[] name) throws IOException {
        view.delete(existing(name));
    }
}
