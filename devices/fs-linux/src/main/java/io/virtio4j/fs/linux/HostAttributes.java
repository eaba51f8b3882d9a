// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.host.linux.ExtendedAttributes;
import io.virtio4j.host.linux.LinuxException;
import io.virtio4j.host.linux.LinuxNode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Extended attributes of known files: those that a guest may see. */
final class HostAttributes {
    private static final int MAX = 64 << 10;

    private HostAttributes() {}

    static byte[] get(HostDirectory host, KnownFile known, byte[] name) throws IOException {
        host.attributeNames().require(name);
        LinuxNode node = known.acquire();
        try (Arena arena = Arena.ofConfined()) {
            ExtendedAttributes attributes = node.extendedAttributes();
            long length = attributes.get(name, MemorySegment.NULL);
            if (length > 0) {
                MemorySegment value = arena.allocate(MAX); // it may have become longer
                length = attributes.get(name, value);
                return length < 0 ? missing() : value.asSlice(0, length).toArray(JAVA_BYTE);
            }
            return length < 0 ? missing() : new byte[0];
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        } finally {
            known.release();
        }
    }

    private static byte[] missing() throws FsException {
        throw FsException.of(FsErrno.ENODATA);
    }

    static List<byte[]> names(HostDirectory host, KnownFile known) throws IOException {
        List<byte[]> names = new ArrayList<>();
        LinuxNode node = known.acquire();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment list = arena.allocate(MAX);
            long length = node.extendedAttributes().names(list);
            for (long begin = 0, end = 0; end < length; end++) {
                if (list.get(JAVA_BYTE, end) == 0) {
                    byte[] name = list.asSlice(begin, end - begin).toArray(JAVA_BYTE);
                    begin = end + 1;
                    if (host.attributeNames().has(name)) {
                        names.add(name);
                    }
                }
            }
            return names;
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        } finally {
            known.release();
        }
    }

    static void set(HostDirectory host, KnownFile known, byte[] name, byte[] value, int flags, boolean dropSetGroupId)
            throws IOException {
        host.attributeNames().require(name);
        LinuxNode node = known.acquire();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment copy = arena.allocate(value.length + 1L).asSlice(0, value.length);
            MemorySegment.copy(value, 0, copy, JAVA_BYTE, 0, value.length);
            host.makers().write(dropSetGroupId, () -> node.extendedAttributes().set(name, copy, flags));
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        } finally {
            known.release();
        }
    }

    static void remove(HostDirectory host, KnownFile known, byte[] name) throws IOException {
        host.attributeNames().require(name);
        LinuxNode node = known.acquire();
        try {
            node.extendedAttributes().remove(name);
        } catch (LinuxException e) {
            throw HostDirectory.failed(e);
        } finally {
            known.release();
        }
    }
}
