// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.benchmarks.chart;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.style.CategoryStyler;
import org.knowm.xchart.style.Styler.LegendPosition;

/** Draws a table of figures as bars: one group a column, one color a row. */
public final class BarChart {

    private BarChart() {}

    /**
     * Draws a chart.
     *
     * @param args the title; what the figures are; a file of tab-separated figures, the names of the columns
     *     in its first line and of the rows in its first column; the PNG to write
     * @throws IOException if a file cannot be read or written
     */
    public static void main(String[] args) throws IOException {
        if (args.length != 4) {
            throw new IllegalArgumentException("BarChart TITLE UNIT TABLE.tsv CHART.png");
        }
        draw(args[0], args[1], Files.readAllLines(Path.of(args[2])), Path.of(args[3]));
    }

    private static void draw(String title, String unit, List<String> lines, Path png) throws IOException {
        List<String> columns = List.of(lines.getFirst().split("\t"));
        List<String> groups = columns.subList(1, columns.size());
        CategoryChart chart = new CategoryChartBuilder()
                .width(900).height(480).title(title).yAxisTitle(unit).build();
        CategoryStyler style = chart.getStyler();
        style.setLegendPosition(LegendPosition.InsideNW);
        style.setYAxisDecimalPattern("0");
        style.setLabelsVisible(true);
        style.setLabelsFontColorAutomaticEnabled(true);
        rows(lines).forEach((name, figures) -> chart.addSeries(name, groups, figures));
        ImageIO.write(BitmapEncoder.getBufferedImage(chart), "png", png.toFile());
    }

    private static Map<String, List<Double>> rows(List<String> lines) {
        Map<String, List<Double>> rows = new LinkedHashMap<>();
        for (String line : lines.subList(1, lines.size())) {
            String[] cells = line.split("\t");
            List<Double> figures = new ArrayList<>();
            for (int i = 1; i < cells.length; i++) {
                figures.add(Double.valueOf(cells[i]));
            }
            rows.put(cells[0], figures);
        }
        return rows;
    }
}
