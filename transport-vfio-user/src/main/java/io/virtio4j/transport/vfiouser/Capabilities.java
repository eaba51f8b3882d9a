// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.transport.vfiouser;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the client proposes in JSON, as far as this server knows it: strict, and limited in length and depth.
 * Capabilities that it does not know may be anything. [{@code VFIO_USER_VERSION}]
 */
final class Capabilities {

    /** The longest text. */
    static final int MOST_BYTES = 4096;

    /** The deepest nesting. */
    private static final int MOST_DEPTH = 8;

    /** The longest number, in characters. */
    private static final int MOST_DIGITS = 100;

    private static final long MOST_NUMBER = 0xFFFF_FFFFL;

    private static final JsonFactory JSON = new JsonFactoryBuilder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MOST_DEPTH)
                    .maxNumberLength(MOST_DIGITS)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            // A client's names are not kept for the next one.
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .build();

    private final Map<String, Long> numbers = new LinkedHashMap<>();
    private @Nullable Boolean writeMultiple;
    private boolean proposed;

    private Capabilities() {}

    /**
     * Reads a text.
     *
     * @param utf8 at most {@link #MOST_BYTES}
     * @throws Refusal if it is no JSON object in UTF-8, is too deep, or a capability that is known here
     *     is of the wrong type
     */
    static Capabilities read(byte[] utf8) throws Refusal {
        Capabilities read = new Capabilities();
        try (JsonParser json = JSON.createParser(text(utf8))) {
            requireObject(json.nextToken(), "version data");
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                if (json.currentName().equals("capabilities")) {
                    requireObject(json.nextToken(), "the value of capabilities");
                    read.members(json);
                } else {
                    json.nextToken();
                    json.skipChildren();
                }
            }
            if (json.nextToken() != null) {
                throw Refusal.invalid("version data is more than one value");
            }
        } catch (JsonProcessingException e) {
            throw Refusal.invalid("version data: " + printable(e.getOriginalMessage()) + " column="
                    + (e.getLocation() == null ? "none" : e.getLocation().getColumnNr()));
        } catch (IOException e) {
            throw new IllegalStateException("a string cannot fail", e);
        }
        return read;
    }

    /** Not left to the parser, which guesses encodings and takes more for UTF-8 than is. */
    private static String text(byte[] utf8) throws Refusal {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
        } catch (CharacterCodingException e) {
            throw Refusal.invalid("version data is not UTF-8");
        }
    }

    private void members(JsonParser json) throws IOException, Refusal {
        proposed = true;
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            JsonToken value = json.nextToken();
            switch (name) {
                case "max_msg_fds", "max_data_xfer_size", "max_dma_maps" -> numbers.put(name, number(json, name));
                case "write_multiple" -> {
                    if (!value.isBoolean()) {
                        throw Refusal.invalid("capability is not a boolean: write_multiple");
                    }
                    writeMultiple = value == JsonToken.VALUE_TRUE;
                }
                default -> json.skipChildren();
            }
        }
    }

    private static long number(JsonParser json, String name) throws IOException, Refusal {
        if (json.currentToken() == JsonToken.VALUE_NUMBER_INT
                && json.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
            long number = json.getLongValue();
            if (number >= 0 && number <= MOST_NUMBER) {
                return number;
            }
        }
        throw Refusal.invalid("capability is not a whole number of 32 bits: " + name);
    }

    private static void requireObject(@Nullable JsonToken token, String what) throws Refusal {
        if (token != JsonToken.START_OBJECT) {
            throw Refusal.invalid(what + " is not an object");
        }
    }

    /** What a client wrote does not begin a line of its own in the log. */
    private static String printable(String message) {
        return message.replaceAll("\\p{Cntrl}", "?");
    }

    /** Whether the client proposed capabilities at all. */
    boolean proposed() {
        return proposed;
    }

    /** A capability that is a number; {@code null} if it was not proposed. */
    @Nullable Long number(String name) {
        return numbers.get(name);
    }

    /** {@code write_multiple}; {@code null} if it was not proposed. */
    @Nullable Boolean writeMultiple() {
        return writeMultiple;
    }
}
