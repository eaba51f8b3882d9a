// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.board;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * Draws a waveform as SVG: time runs down, remarks stand at the left of what happened after them, and each line
 * has a column, in which low is left and high is right. Times without a remark take little room, so the picture
 * is not to scale.
 */
public final class WaveformPicture {

    private static final int TOP = 46;
    private static final int TIME_WIDTH = 84;
    private static final double CHARACTER = 7.3; // pixels
    private static final int LEAST_COLUMN = 64;
    private static final int SWING = 30;
    private static final int REMARK_ROW = 24;
    private static final int ROW = 9;

    private final Waveform waveform;
    private final int linesFrom;
    private final int column;
    private final StringBuilder out = new StringBuilder();

    private WaveformPicture(Waveform waveform) {
        this.waveform = waveform;
        int name = waveform.names().stream().mapToInt(String::length).max().orElse(0);
        column = Math.max(LEAST_COLUMN, (int) ((name + 1) * CHARACTER));
        int longest = waveform.moments().values().stream().flatMap(moment -> moment.remarks().stream())
                .mapToInt(String::length).max().orElse(0);
        linesFrom = TIME_WIDTH + (int) (longest * CHARACTER) + 30;
    }

    /** Draws {@code waveform.vcd} into {@code picture.svg}: the arguments. */
    public static void main(String... arguments) throws IOException {
        if (arguments.length != 2) {
            System.err.println("usage: WaveformPicture WAVEFORM.vcd PICTURE.svg");
            System.exit(2);
        }
        Waveform read = Waveform.parse(Files.readAllLines(Path.of(arguments[0])));
        Files.writeString(Path.of(arguments[1]), draw(read));
    }

    static String draw(Waveform waveform) {
        return new WaveformPicture(waveform).draw();
    }

    private String draw() {
        Map<Long, Integer> rows = rows();
        int height = rows.values().stream().mapToInt(y -> y).max().orElse(TOP) + REMARK_ROW;
        int width = linesFrom + column * waveform.names().size() + 10;
        out.append("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                .formatted(width, height))
                .append("viewBox=\"0 0 %d %d\" font-family=\"monospace\" font-size=\"12\">\n"
                        .formatted(width, height))
                .append("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
        for (int wire = 0; wire < waveform.names().size(); wire++) {
            drawName(wire);
            drawLine(wire, rows, height - REMARK_ROW / 2);
        }
        drawRemarks(rows, width);
        return out.append("</svg>\n").toString();
    }

    private Map<Long, Integer> rows() {
        Map<Long, Integer> rows = new TreeMap<>();
        int y = TOP;
        for (Map.Entry<Long, Waveform.Moment> each : waveform.moments().entrySet()) {
            y += each.getValue().remarks().isEmpty() ? ROW : REMARK_ROW;
            rows.put(each.getKey(), y);
        }
        return rows;
    }

    private int left(int wire) {
        return linesFrom + column * wire + (column - SWING) / 2;
    }

    private void drawName(int wire) {
        text(left(wire) + SWING / 2, 24, "middle", "#000000", waveform.names().get(wire));
        for (int bit = 0; bit < 2; bit++) {
            int x = left(wire) + bit * SWING;
            text(x, TOP - 8, "middle", "#888888", String.valueOf(bit));
        }
    }

    /** Steps of one line; where it floats it is dashed, where it is contended it is red. */
    private void drawLine(int wire, Map<Long, Integer> rows, int end) {
        char state = 'z';
        int from = TOP;
        for (Map.Entry<Long, Waveform.Moment> each : waveform.moments().entrySet()) {
            Character next = each.getValue().states().get(wire);
            if (next != null && next != state) {
                int y = Objects.requireNonNull(rows.get(each.getKey()));
                stroke(x(wire, state), from, x(wire, state), y, state);
                stroke(x(wire, state), y, x(wire, next), y, next);
                state = next;
                from = y;
            }
        }
        stroke(x(wire, state), from, x(wire, state), end, state);
    }

    private int x(int wire, char state) {
        return left(wire) + switch (state) {
            case '0' -> 0;
            case '1' -> SWING;
            default -> SWING / 2;
        };
    }

    private void stroke(int x1, int y1, int x2, int y2, char state) {
        if (x1 != x2 || y1 != y2) {
            String color = state == 'x' ? "#cc0000" : "#00558b";
            String dash = state == 'z' ? " stroke-dasharray=\"2 3\"" : "";
            out.append("<path d=\"M%d %dL%d %d\" stroke=\"%s\" stroke-width=\"1.6\"%s/>\n"
                    .formatted(x1, y1, x2, y2, color, dash));
        }
    }

    private void drawRemarks(Map<Long, Integer> rows, int width) {
        for (Map.Entry<Long, Waveform.Moment> each : waveform.moments().entrySet()) {
            List<String> remarks = new ArrayList<>(each.getValue().remarks());
            if (!remarks.isEmpty()) {
                int y = Objects.requireNonNull(rows.get(each.getKey()));
                out.append("<path d=\"M%d %dH%d\" stroke=\"#dddddd\"/>\n".formatted(10, y, width - 10));
                text(TIME_WIDTH - 10, y - 5, "end", "#888888",
                        String.format(Locale.ROOT, "%.3f s", each.getKey() / 1e9));
                text(TIME_WIDTH, y - 5, "start", "#000000", String.join("; ", remarks));
            }
        }
    }

    private void text(int x, int y, String anchor, String color, String content) {
        String safe = content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
        out.append("<text x=\"%d\" y=\"%d\" text-anchor=\"%s\" fill=\"%s\">%s</text>\n"
                .formatted(x, y, anchor, color, safe));
    }
}
