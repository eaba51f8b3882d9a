// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads one JSON text (RFC 8259) from a peer that is not trusted: strict, and limited in length and depth.
 *
 * <p>Objects become maps, arrays lists, whole numbers of 64 bits {@code Long}, other numbers {@code Double},
 * {@code null} becomes {@link #NULL}.
 */
final class JsonReader {

    /** The longest text. */
    static final int MOST_BYTES = 4096;

    /** The deepest nesting. */
    static final int MOST_DEPTH = 8;

    /** Stands for {@code null}. */
    static final Object NULL = new Object() {
        @Override
        public String toString() {
            return "null";
        }
    };

    private final String text;
    private int at;
    private int depth;

    private JsonReader(String text) {
        this.text = text;
    }

    /**
     * Reads a text in UTF-8.
     *
     * @throws Refusal if it is none, or exceeds a limit
     */
    static Object read(byte[] utf8) throws Refusal {
        if (utf8.length > MOST_BYTES) {
            throw Refusal.invalid("JSON is too long: bytes=" + utf8.length + " most=" + MOST_BYTES);
        }
        String text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
        } catch (CharacterCodingException e) {
            throw Refusal.invalid("JSON is not UTF-8");
        }
        JsonReader reader = new JsonReader(text);
        Object value = reader.value();
        reader.skipSpace();
        if (reader.at != text.length()) {
            throw reader.malformed("more than one value");
        }
        return value;
    }

    private Object value() throws Refusal {
        skipSpace();
        return switch (peek()) {
            case '{' -> nested(this::object);
            case '[' -> nested(this::array);
            case '"' -> string();
            case 't' -> literal("true", Boolean.TRUE);
            case 'f' -> literal("false", Boolean.FALSE);
            case 'n' -> literal("null", NULL);
            default -> number();
        };
    }

    @FunctionalInterface
    private interface Part {
        Object read() throws Refusal;
    }

    private Object nested(Part part) throws Refusal {
        if (++depth > MOST_DEPTH) {
            throw malformed("nested deeper than " + MOST_DEPTH);
        }
        at++;
        Object value = part.read();
        depth--;
        return value;
    }

    private Map<String, Object> object() throws Refusal {
        Map<String, Object> members = new LinkedHashMap<>();
        if (skipped('}')) {
            return members;
        }
        do {
            skipSpace();
            String name = string();
            require(':');
            if (members.put(name, value()) != null) {
                throw malformed("name occurs twice");
            }
        } while (skipped(','));
        require('}');
        return members;
    }

    private List<Object> array() throws Refusal {
        List<Object> elements = new ArrayList<>();
        if (skipped(']')) {
            return elements;
        }
        do {
            elements.add(value());
        } while (skipped(','));
        require(']');
        return elements;
    }

    private Object literal(String word, Object value) throws Refusal {
        if (!text.startsWith(word, at)) {
            throw malformed("not a value");
        }
        at += word.length();
        return value;
    }

    // ── Strings ────────────────────────────────────────────────────────────

    private String string() throws Refusal {
        if (peek() != '"') {
            throw malformed("no string");
        }
        at++;
        StringBuilder characters = new StringBuilder();
        while (true) {
            char next = take();
            if (next == '"') {
                return characters.toString();
            }
            if (next < ' ') {
                throw malformed("control character in a string");
            }
            characters.append(next == '\\' ? escaped() : next);
        }
    }

    private char escaped() throws Refusal {
        char next = take();
        return switch (next) {
            case '"', '\\', '/' -> next;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> codeUnit();
            default -> throw malformed("unknown escape");
        };
    }

    private char codeUnit() throws Refusal {
        int unit = 0;
        for (int i = 0; i < 4; i++) {
            char hex = take();
            int digit = hex < 128 ? Character.digit(hex, 16) : -1;
            if (digit < 0) {
                throw malformed("not a hexadecimal digit");
            }
            unit = unit << 4 | digit;
        }
        return (char) unit;
    }

    // ── Numbers ────────────────────────────────────────────────────────────

    private Object number() throws Refusal {
        int start = at;
        skipIf('-');
        if (!skipIf('0')) {
            digits();
        }
        boolean whole = true;
        if (skipIf('.')) {
            digits();
            whole = false;
        }
        if (skipIf('e') || skipIf('E')) {
            if (!skipIf('+')) {
                skipIf('-');
            }
            digits();
            whole = false;
        }
        String number = text.substring(start, at);
        if (whole) {
            try {
                return Long.valueOf(number);
            } catch (NumberFormatException beyond64Bits) {
                return Double.valueOf(number);
            }
        }
        return Double.valueOf(number);
    }

    private void digits() throws Refusal {
        int start = at;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        if (at == start) {
            throw malformed("not a value");
        }
    }

    // ── Characters ─────────────────────────────────────────────────────────

    private void skipSpace() {
        while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private boolean skipIf(char wanted) {
        boolean there = at < text.length() && text.charAt(at) == wanted;
        at += there ? 1 : 0;
        return there;
    }

    private boolean skipped(char wanted) {
        skipSpace();
        return skipIf(wanted);
    }

    private void require(char wanted) throws Refusal {
        if (!skipped(wanted)) {
            throw malformed("no '" + wanted + "'");
        }
    }

    private char peek() throws Refusal {
        if (at == text.length()) {
            throw malformed("ends too early");
        }
        return text.charAt(at);
    }

    private char take() throws Refusal {
        char next = peek();
        at++;
        return next;
    }

    private Refusal malformed(String why) {
        return Refusal.invalid("JSON: " + why + ": at=" + at);
    }
}
