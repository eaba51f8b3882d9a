// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Tables of text: a header line, then one row a line, columns separated by one tab each, nothing
 * quoted.
 */
final class TabSeparated {

    private TabSeparated() {}

    /**
     * Reads a table.
     *
     * @param table its name, for messages
     * @param columns the header it must have
     * @throws IllegalArgumentException naming table and line, if the header or a row is not as it
     *     has to be
     */
    static <T> List<T> parse(
            String table, List<String> columns, String text, Function<List<String>, T> row) {
        List<String> lines = text.lines().toList();
        List<String> header = lines.isEmpty() ? List.of() : cells(lines.getFirst());
        if (!header.equals(columns)) {
            throw new IllegalArgumentException("header is not the expected one: table=" + table
                    + " expected=" + columns + " found=" + header);
        }
        List<T> rows = new ArrayList<>(lines.size() - 1);
        for (int i = 1; i < lines.size(); i++) {
            List<String> cells = cells(lines.get(i));
            if (cells.size() != columns.size() || cells.contains("")) {
                throw new IllegalArgumentException("row has not a value in each column: table="
                        + table + " line=" + (i + 1) + " columns=" + columns + " row=" + cells);
            }
            try {
                rows.add(row.apply(cells));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("row has a bad value: table=" + table
                        + " line=" + (i + 1) + " row=" + cells, e);
            }
        }
        return rows;
    }

    /**
     * Joins cells to a line; white space inside a cell becomes plain spaces, so that it stays one
     * cell.
     */
    static String line(List<String> cells) {
        StringBuilder line = new StringBuilder();
        for (String cell : cells) {
            if (!line.isEmpty()) {
                line.append('\t');
            }
            line.append(cell.replaceAll("\\s+", " "));
        }
        return line.append('\n').toString();
    }

    private static List<String> cells(String line) {
        return List.of(line.split("\t", -1));
    }
}
