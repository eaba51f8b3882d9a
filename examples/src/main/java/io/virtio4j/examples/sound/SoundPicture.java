// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.examples.sound;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import javax.sound.sampled.UnsupportedAudioFileException;

/**
 * Draws a WAV file of 16 bits as SVG: a band for each channel, with the lowest and the highest sample of each
 * pixel.
 */
public final class SoundPicture {

    private static final int WIDTH = 900;
    private static final int LEFT = 70;
    private static final int BAND = 110;
    private static final int TOP = 20;
    private static final int FULL_SCALE = 32_768;

    private final AudioFormat format;
    private final byte[] frames;
    private final StringBuilder out = new StringBuilder();

    private SoundPicture(AudioFormat format, byte[] frames) {
        this.format = format;
        this.frames = frames;
    }

    /** Draws {@code sound.wav} into {@code picture.svg}: the arguments. */
    public static void main(String... arguments) throws IOException, UnsupportedAudioFileException {
        if (arguments.length != 2) {
            System.err.println("usage: SoundPicture SOUND.wav PICTURE.svg");
            System.exit(2);
        }
        Files.writeString(Path.of(arguments[1]), draw(Path.of(arguments[0])));
    }

    /** The picture of a file. Java's own reader reads it: what we write, others understand. */
    static String draw(Path wav) throws IOException, UnsupportedAudioFileException {
        try (AudioInputStream in = AudioSystem.getAudioInputStream(wav.toFile())) {
            AudioFormat format = in.getFormat();
            if (format.getSampleSizeInBits() != 16 || format.isBigEndian()) {
                throw new IllegalArgumentException("a file of another kind: format=" + format);
            }
            return new SoundPicture(format, in.readAllBytes()).draw();
        }
    }

    private int channels() {
        return format.getChannels();
    }

    private int frameCount() {
        return frames.length / format.getFrameSize();
    }

    private int sample(int frame, int channel) {
        int at = frame * format.getFrameSize() + 2 * channel;
        return frames[at + 1] << 8 | frames[at] & 0xFF;
    }

    private String draw() {
        int height = TOP + channels() * BAND + 30;
        int right = LEFT + WIDTH + 20;
        out.append("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
                        .formatted(right, height, right, height))
                .append("font-family=\"monospace\" font-size=\"12\">\n")
                .append("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
        for (int channel = 0; channel < channels(); channel++) {
            drawBand(channel);
        }
        drawTime(height - 12);
        return out.append("</svg>\n").toString();
    }

    private void drawBand(int channel) {
        int middle = TOP + channel * BAND + BAND / 2;
        String name = channels() == 1 ? "mono" : channel == 0 ? "left" : channel == 1 ? "right" : "" + channel;
        out.append("<text x=\"%d\" y=\"%d\" text-anchor=\"end\" fill=\"#000000\">%s</text>\n"
                        .formatted(LEFT - 12, middle + 4, name))
                .append("<path d=\"M%d %dH%d\" stroke=\"#cccccc\"/>\n".formatted(LEFT, middle, LEFT + WIDTH))
                .append("<path stroke=\"#00558b\" stroke-width=\"1\" d=\"");
        for (int x = 0; x < WIDTH; x++) {
            drawPixel(x, middle, channel);
        }
        out.append("\"/>\n");
    }

    private void drawPixel(int x, int middle, int channel) {
        int from = (int) ((long) x * frameCount() / WIDTH);
        int to = Math.max(from + 1, (int) ((x + 1L) * frameCount() / WIDTH));
        int lowest = Integer.MAX_VALUE;
        int highest = Integer.MIN_VALUE;
        for (int frame = from; frame < Math.min(to, frameCount()); frame++) {
            lowest = Math.min(lowest, sample(frame, channel));
            highest = Math.max(highest, sample(frame, channel));
        }
        if (lowest <= highest) {
            out.append("M%d %dV%d".formatted(LEFT + x, middle - highest * (BAND / 2 - 4) / FULL_SCALE,
                    middle - lowest * (BAND / 2 - 4) / FULL_SCALE + 1));
        }
    }

    private void drawTime(int y) {
        double seconds = frameCount() / (double) format.getFrameRate();
        for (int tick = 0; tick <= 10; tick += 2) {
            out.append("<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" fill=\"#888888\">%s s</text>\n".formatted(
                    LEFT + WIDTH * tick / 10, y, String.format(Locale.ROOT, "%.2f", seconds * tick / 10)));
        }
    }
}
