// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Which extended attributes of the host a guest may see and set. */
final class AttributeNames {
    private static final List<String> LISTS = List.of("system.posix_acl_access", "system.posix_acl_default");

    private final List<byte[]> prefixes = new ArrayList<>();

    AttributeNames(List<String> prefixes, boolean accessControlLists) {
        prefixes.forEach(prefix -> this.prefixes.add(prefix.getBytes(UTF_8)));
        if (accessControlLists) {
            LISTS.forEach(name -> this.prefixes.add(name.getBytes(UTF_8)));
        }
    }

    boolean has(byte[] name) {
        for (byte[] prefix : prefixes) {
            if (name.length >= prefix.length
                    && Arrays.equals(name, 0, prefix.length, prefix, 0, prefix.length)) {
                return true;
            }
        }
        return false;
    }

    void require(byte[] name) throws FsException {
        if (!has(name)) {
            throw FsException.of(FsErrno.EOPNOTSUPP);
        }
    }
}
