// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import java.awt.image.BufferedImage;
import java.util.HashMap;
import java.util.Map;

/**
 * Reads the text of a console in a photograph. What characters look like is learned from a line that is known:
 * the console draws each in a cell of 8 x 16 pixels.
 */
final class ScreenText {

    private static final int CELL_WIDTH = 8;
    private static final int CELL_HEIGHT = 16;

    private final Map<String, Character> known = new HashMap<>();

    /** Learns from a row of the picture that shows a text from its beginning on. */
    void learn(BufferedImage picture, int row, String text) {
        for (int column = 0; column < text.length(); column++) {
            known.put(cell(picture, column, row), text.charAt(column));
        }
    }

    /** Reads a row; what was not learned is a question mark. */
    String read(BufferedImage picture, int row) {
        StringBuilder text = new StringBuilder();
        for (int column = 0; column < picture.getWidth() / CELL_WIDTH; column++) {
            text.append((char) known.getOrDefault(cell(picture, column, row), '?'));
        }
        return text.toString().stripTrailing();
    }

    static int rows(BufferedImage picture) {
        return picture.getHeight() / CELL_HEIGHT;
    }

    /** Which pixels of a cell are not of its background: text reads the same in all colors. */
    private static String cell(BufferedImage picture, int column, int row) {
        StringBuilder bits = new StringBuilder();
        for (int y = 0; y < CELL_HEIGHT; y++) {
            for (int x = 0; x < CELL_WIDTH; x++) {
                int pixel = picture.getRGB(column * CELL_WIDTH + x, row * CELL_HEIGHT + y) & 0xFFFFFF;
                bits.append(pixel == 0 ? '.' : '#');
            }
        }
        return bits.toString();
    }
}
