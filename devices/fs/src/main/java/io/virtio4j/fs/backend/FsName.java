// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.backend;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One component of a path: 1 to 255 bytes, neither {@code .} nor {@code ..}, without a slash or a zero byte. There is
 * no way to make any other, so nobody who is given one has to check it.
 *
 * <p>A name is bytes; whether they are UTF-8 is its creator's business.
 */
public final class FsName {

    /** The most bytes of a name. */
    public static final int LONGEST = 255;

    private final byte[] bytes;
    private int hash;

    private FsName(byte[] bytes) {
        this.bytes = bytes;
    }

    /**
     * Makes a name of bytes, which are not copied.
     *
     * @throws FsException ENAMETOOLONG or EINVAL if it is none
     */
    public static FsName of(byte[] bytes) throws FsException {
        if (bytes.length > LONGEST) {
            throw FsException.of(FsErrno.ENAMETOOLONG);
        }
        if (!isComponent(bytes)) {
            throw FsException.of(FsErrno.EINVAL);
        }
        return new FsName(bytes);
    }

    /**
     * Makes a name of the UTF-8 of a text.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static FsName of(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > LONGEST || !isComponent(bytes)) {
            throw new IllegalArgumentException("a name is one component of a path, of 1 to 255 bytes: name=" + text);
        }
        return new FsName(bytes);
    }

    /** Whether bytes are a name. */
    public static boolean isName(byte[] bytes) {
        return bytes.length <= LONGEST && isComponent(bytes);
    }

    private static boolean isComponent(byte[] bytes) {
        for (byte b : bytes) {
            if (b == 0 || b == '/') {
                return false;
            }
        }
        return bytes.length > 2 || bytes.length > 0 && !(bytes[0] == '.' && bytes[bytes.length - 1] == '.');
    }

    /** How many bytes. */
    public int length() {
        return bytes.length;
    }

    /** A byte of it. */
    public byte at(int index) {
        return bytes[index];
    }

    /** A copy of its bytes. */
    public byte[] bytes() {
        return bytes.clone();
    }

    /** Whether these are its bytes. */
    public boolean is(byte[] other) {
        return Arrays.equals(bytes, other);
    }

    /** The text whose UTF-8 it is, or {@code null} if there is none. */
    public @Nullable String text() {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof FsName name && Arrays.equals(bytes, name.bytes);
    }

    @Override
    public int hashCode() {
        int now = hash;
        if (now == 0) {
            now = Arrays.hashCode(bytes);
            hash = now;
        }
        return now;
    }

    /** For messages: what is not printable is replaced. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(bytes.length);
        for (byte b : bytes) {
            if (b > ' ' && b < 0x7F && b != '\\') {
                text.append((char) b);
            } else {
                text.append(String.format("\\x%02x", b));
            }
        }
        return text.toString();
    }
}
