// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.board;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a Value Change Dump says: wires of one bit, and remarks.
 *
 * @param names of the wires
 * @param moments what happened, by time in nanoseconds
 */
record Waveform(List<String> names, TreeMap<Long, Moment> moments) {

    private static final Pattern ESCAPED = Pattern.compile("\\\\x([0-9a-f]{2})");

    /** What happened at a time: new states by wire, and remarks. */
    record Moment(Map<Integer, Character> states, List<String> remarks) {}

    /**
     * Reads a dump as a board's recorder writes it.
     *
     * @throws IllegalArgumentException if it is something else
     */
    static Waveform parse(List<String> lines) {
        List<String> names = new ArrayList<>();
        Map<String, Integer> wires = new LinkedHashMap<>();
        TreeMap<Long, Moment> moments = new TreeMap<>();
        Moment now = new Moment(new TreeMap<>(), new ArrayList<>());
        for (String line : lines) {
            if (line.startsWith("$var wire 1 ")) {
                String[] words = line.split(" ");
                wires.put(words[3], names.size());
                names.add(words[4]);
            } else if (line.startsWith("#")) {
                now = moments.computeIfAbsent(Long.parseLong(line.substring(1)),
                        time -> new Moment(new TreeMap<>(), new ArrayList<>()));
            } else if (line.startsWith("s") && line.indexOf(' ') > 0) {
                String text = line.substring(1, line.lastIndexOf(' '));
                if (!text.isEmpty()) {
                    now.remarks.add(unescape(text));
                }
            } else if (!line.isEmpty() && "01xz".indexOf(line.charAt(0)) >= 0) {
                Integer wire = wires.get(line.substring(1));
                if (wire == null) {
                    throw new IllegalArgumentException("waveform: no such wire: line=" + line);
                }
                now.states.put(wire, line.charAt(0));
            } else if (!line.startsWith("$")) {
                throw new IllegalArgumentException("waveform: not understood: line=" + line);
            }
        }
        return new Waveform(names, moments);
    }

    private static String unescape(String text) {
        return ESCAPED.matcher(text).replaceAll(escaped -> Matcher.quoteReplacement(
                String.valueOf((char) Integer.parseInt(escaped.group(1), 16))));
    }
}
