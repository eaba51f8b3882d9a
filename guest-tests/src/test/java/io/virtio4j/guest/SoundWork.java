// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.guest.SoundSignal.Wav;
import io.virtio4j.sound.SoundCounter;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a guest does with a sound card, and what Java hears of it. */
record SoundWork(LinuxGuest guest, GuestSoundCard card, ExchangeDisk disk) {

    private static final Duration LONG = Duration.ofSeconds(240);
    private static final int ATTEMPTS = 4;
    private static final double HERTZ_TOLERANCE = 0.05;
    private static final double LEVEL_TOLERANCE = 0.001;

    private String run(String script) {
        return guest.run(script, LONG).success();
    }

    // ── What there is ──────────────────────────────────────────────────────

    void cards() {
        String card = run("cat /proc/asound/cards");
        assertTrue(card.contains("virtio-snd - VirtIO SoundCard"), card);
        String devices = run("aplay -l; arecord -l");
        assertEquals(4, Pattern.compile("card 0: SoundCard \\[VirtIO SoundCard\\], device [01]: virtio-snd")
            .matcher(devices).results().count(), devices);
        String controls = run("amixer -c 0 controls");
        for (String name : List.of("Master Playback Volume", "Master Playback Switch", "Input Source", "Fingerprint",
            "IEC958 Playback Default", "Frames Counter", "Filter", "Headphone Jack", "Mic Jack",
            "Playback Channel Map", "Capture Channel Map")) {
            assertTrue(controls.contains("name='" + name + "'"), name + "\n" + controls);
        }
    }

    // ── Playback ───────────────────────────────────────────────────────────

    /**
     * Plays, and returns what was recorded. On a busy machine the guest may be late: then ALSA begins anew, or there
     * is a gap, and the same is tried again.
     */
    private Wav play(String command) {
        for (int attempt = 1; ; attempt++) {
            int recordings = card.recordings();
            long gaps = card.count(SoundCounter.GAPS);
            int status = guest.run(command, LONG).status();
            boolean inTime = status == 0 && card.recordings() == recordings + 1
                && card.count(SoundCounter.GAPS) == gaps;
            if (inTime || attempt == ATTEMPTS) {
                assertEquals(0, status, command);
                return Wav.read(card.lastRecording());
            }
        }
    }

    /**
     * A format as aplay knows it.
     *
     * @param name aplay's
     * @param rate frames in a second
     * @param bits of a sample
     * @param bytes of a sample
     * @param bias what an unsigned sample of silence is
     * @param storedBytes of a sample in the recording, which holds the sample in its highest bits
     */
    private record Played(String name, int rate, int bits, int bytes, int bias, int storedBytes) {

        byte[] sent() {
            int[] samples = SoundSignal.stereo(rate / 2, bits, rate);
            return SoundSignal.littleEndian(Arrays.stream(samples).map(sample -> sample + bias).toArray(), bytes);
        }

        byte[] expected() {
            int[] samples = SoundSignal.stereo(rate / 2, bits, rate);
            int shift = 8 * storedBytes - bits;
            int unsigned = storedBytes == 1 ? 128 : 0;
            return SoundSignal.littleEndian(
                Arrays.stream(samples).map(sample -> (sample << shift) + unsigned).toArray(), storedBytes);
        }
    }

    void formatsAndRates() {
        List<Played> all = List.of(
            new Played("U8", 8_000, 8, 1, 128, 1),
            new Played("S8", 11_025, 8, 1, 0, 1),
            new Played("S16_LE", 22_050, 16, 2, 0, 2),
            new Played("U16_LE", 32_000, 16, 2, 1 << 15, 2),
            new Played("S18_3LE", 16_000, 18, 3, 0, 3),
            new Played("U20_3LE", 44_100, 20, 3, 1 << 19, 3),
            new Played("S24_3LE", 48_000, 24, 3, 0, 3),
            new Played("S20_LE", 64_000, 20, 4, 0, 3),
            new Played("S24_LE", 88_200, 24, 4, 0, 3),
            new Played("S32_LE", 96_000, 32, 4, 0, 4),
            new Played("U32_LE", 192_000, 32, 4, Integer.MIN_VALUE, 4));
        for (Played format : all) {
            disk.put(guest, "/tmp/in.raw", format.sent());
            Wav heard = play(
                "aplay -q -D hw:0,0 -t raw -f %s -r %d -c 2 /tmp/in.raw".formatted(format.name, format.rate));
            assertEquals(List.of(format.rate, 2, 8 * format.storedBytes),
                List.of(heard.rate(), heard.channels(), heard.bits()), format.toString());
            SoundSignal.assertPlayed(format.expected(), heard.data(), 2 * format.storedBytes, format.toString());
        }
    }

    /** Bytes that mean something only to who listens: what is in the file is what is recorded. */
    void formatsThatAreCopied() {
        for (String name : List.of("FLOAT_LE", "FLOAT64_LE", "MU_LAW", "A_LAW")) {
            byte[] sent = new byte[64_000];
            for (int i = 0; i < sent.length; i++) {
                sent[i] = (byte) (i * 31 + (i >> 8) + 1);
            }
            disk.put(guest, "/tmp/in.raw", sent);
            byte[] heard = play("aplay -q -D hw:0,0 -t raw -f %s -r 16000 -c 2 /tmp/in.raw".formatted(name)).data();
            assertEquals(-1, Arrays.mismatch(sent, 0, sent.length, heard, 0, sent.length), name);
        }
    }

    /** A file as people have it, in mono and in stereo. */
    void wavFile() {
        for (int rate : new int[] {44_100, 48_000}) {
            byte[] data = SoundSignal.littleEndian(SoundSignal.stereo(rate, 16, rate), 2);
            disk.put(guest, "/tmp/in.wav", SoundSignal.wav(data, 16, rate));
            Wav heard = play("aplay -q -D hw:0,0 /tmp/in.wav");
            assertEquals(rate, heard.rate());
            SoundSignal.assertPlayed(data, heard.data(), 4, "WAV of " + rate + " Hz");
        }
    }

    /**
     * With a buffer of two seconds: ALSA gives up when nothing is played for as long, which a busy host may take. Then
     * the same is tried again: what counts is a minute in which the guest was in time.
     */
    void minute() {
        int rate = 48_000;
        byte[] second = SoundSignal.littleEndian(SoundSignal.stereo(rate, 16, rate), 2);
        disk.put(guest, "/tmp/second.raw", second);
        run("i=0; while [ $i -lt 60 ]; do cat /tmp/second.raw; i=$((i + 1)); done > /tmp/minute.raw");
        String output = "";
        long gaps = 0;
        for (int attempt = 1; attempt <= ATTEMPTS && !output.matches("[\\d.]+ [\\d.]+"); attempt++) {
            gaps = card.count(SoundCounter.GAPS);
            output = run("""
                start=$(cut -d ' ' -f 1 /proc/uptime)
                aplay -q -D hw:0,0 --buffer-time=2000000 -t raw -f S16_LE -r 48000 -c 2 /tmp/minute.raw 2>&1
                echo $start $(cut -d ' ' -f 1 /proc/uptime)
                """);
        }
        assertTrue(output.matches("[\\d.]+ [\\d.]+"), output); // nothing else: no underrun
        String[] times = output.split(" ");
        double seconds = Double.parseDouble(times[1]) - Double.parseDouble(times[0]);
        assertEquals(60, seconds, 3);
        assertEquals(gaps, card.count(SoundCounter.GAPS));
        byte[] expected = new byte[60 * second.length];
        for (int i = 0; i < 60; i++) {
            System.arraycopy(second, 0, expected, i * second.length, second.length);
        }
        SoundSignal.assertPlayed(expected, Wav.read(card.lastRecording()).data(), 4, "a minute");
    }

    void speakerTest() {
        run("speaker-test -D hw:0,0 -c 2 -t sine -f 500 -r 48000 -F S16_LE -l 1");
        Wav heard = Wav.read(card.lastRecording());
        double[] left = heard.channel(0);
        double[] right = heard.channel(1);
        assertEquals(500, SoundSignal.hertz(left, 48_000), 50);
        assertTrue(SoundSignal.level(left) > 0.05, "left is silent");
        assertTrue(SoundSignal.level(right) > 0.05, "right is silent");
    }

    /** The program stops sending for longer than what it has sent lasts. */
    void underrun() {
        long before = card.count(SoundCounter.UNDERRUNS);
        byte[] half = SoundSignal.littleEndian(SoundSignal.stereo(24_000, 16, 48_000), 2);
        disk.put(guest, "/tmp/half.raw", half);
        String output = run("""
            (cat /tmp/half.raw; sleep 2; cat /tmp/half.raw) |
                aplay -D hw:0,0 -t raw -f S16_LE -r 48000 -c 2 2>&1
            """);
        assertTrue(output.contains("underrun!!!"), output);
        assertTrue(card.count(SoundCounter.UNDERRUNS) > before);
        wavFile();
    }

    // ── Capture ────────────────────────────────────────────────────────────

    void tone() {
        for (int rate : new int[] {16_000, 48_000}) {
            Wav recorded = record(rate);
            assertEquals(List.of(rate, 2, 2 * 4 * rate),
                List.of(recorded.rate(), recorded.channels(), recorded.data().length));
            for (int channel = 0; channel < 2; channel++) {
                double[] samples = recorded.channel(channel);
                assertEquals(GuestSoundCard.HERTZ, SoundSignal.hertz(samples, rate), HERTZ_TOLERANCE);
                assertEquals(GuestSoundCard.LEVEL, SoundSignal.level(samples), LEVEL_TOLERANCE);
            }
        }
    }

    /** Records two seconds; again, if the guest was so late that ALSA gave up or frames were lost. */
    private Wav record(int rate) {
        String command = "arecord -q -D hw:0,0 -t wav -f S16_LE -r %d -c 2 -d 2 /tmp/out.wav".formatted(rate);
        for (int attempt = 1; ; attempt++) {
            long lost = card.count(SoundCounter.LOST_FRAMES);
            int status = guest.run(command, LONG).status();
            boolean inTime = status == 0 && card.count(SoundCounter.LOST_FRAMES) == lost;
            if (inTime || attempt == ATTEMPTS) {
                assertEquals(0, status);
                return Wav.parse(disk.take(guest, "/tmp/out.wav"));
            }
        }
    }

    /** What goes out at one end of the cable comes in at the other. */
    void fullDuplex() {
        int rate = 16_000;
        byte[] data = SoundSignal.littleEndian(SoundSignal.stereo(2 * rate, 16, rate), 2);
        disk.put(guest, "/tmp/in.raw", data);
        int odd = 0;
        for (int attempt = 1; attempt <= ATTEMPTS && odd != -1; attempt++) {
            run("""
                arecord -q -D hw:0,1 -t raw -f S16_LE -r 16000 -c 2 -d 6 /tmp/out.raw &
                sleep 1
                aplay -q -D hw:0,1 -t raw -f S16_LE -r 16000 -c 2 /tmp/in.raw
                wait
                """);
            byte[] recorded = disk.take(guest, "/tmp/out.raw");
            int start = 0;
            while (start < recorded.length && recorded[start] == 0) {
                start++;
            }
            start -= start % 4;
            int end = Math.min(recorded.length, start + data.length);
            odd = Arrays.mismatch(data, 0, data.length, recorded, start, end);
        }
        assertEquals(-1, odd);
    }

    // ── Control elements ───────────────────────────────────────────────────

    private String get(String control) {
        return run("amixer -c 0 cget %s".formatted(control));
    }

    private void assertValues(String expected, String control) {
        Matcher matcher = Pattern.compile("(?m)^ +: values=(.*)$").matcher(get(control));
        assertTrue(matcher.find(), control);
        assertEquals(expected, matcher.group(1), control);
    }

    void controls() {
        String volume = get("name='Master Playback Volume'");
        assertTrue(volume.contains("type=INTEGER,access=rw---R--,values=2,min=0,max=100,step=1"), volume);
        assertTrue(volume.contains("dBscale-min=-50.00dB,step=0.50dB,mute=1"), volume);
        run("amixer -c 0 cset name='Master Playback Volume' 30,70");
        assertEquals(List.of(30L, 70L), Arrays.stream(card.volume.values()).boxed().toList());
        card.volume.set(55);
        assertValues("55,55", "name='Master Playback Volume'");
        run("amixer -c 0 sset Master 100% mute");
        assertEquals(100, card.volume.value());
        assertEquals(0, card.sound.value());
        assertTrue(get("name='Input Source'").contains("; Item #2 'CD'"));
        run("amixer -c 0 cset name='Input Source' Line");
        assertEquals(1, card.source.value());
        run("amixer -c 0 cset name='Fingerprint' 1,2,3,4,5,6,7,255");
        assertEquals((byte) 255, card.bytes.bytes()[7]);
        assertTrue(get("name='IEC958 Playback Default'").contains("type=IEC958"));
        assertValues("5000000000", "name='Frames Counter'");
        assertTrue(guest.run("amixer -c 0 cset name='Frames Counter' 1", LONG).status() != 0);
        // Out of range: alsa-lib clips to the range that the element has.
        run("amixer -c 0 cset name='Master Playback Volume' 1000");
        assertEquals(100, card.volume.value());
    }

    void storedState() {
        card.volume.set(11, 22);
        run("mkdir -p /var/lib/alsa && alsactl -f /tmp/state store");
        card.volume.set(99);
        card.source.set(2);
        run("alsactl -f /tmp/state restore");
        assertEquals(List.of(11L, 22L), Arrays.stream(card.volume.values()).boxed().toList());
        assertEquals(1, card.source.value());
    }

    /** What Java changes, a program that listens is told of; on a terminal, as it holds lines back otherwise. */
    void notifications() {
        guest.start("amixer -c 0 events > /dev/ttyS0");
        guest.awaitConsole("Ready to listen", LONG);
        card.volume.set(42);
        guest.awaitConsole("event value: numid=5,iface=MIXER,name='Master Playback Volume'", LONG);
        assertValues("42,42", "name='Master Playback Volume'");
        card.filter.setActive(false);
        guest.awaitConsole("event info: numid=11,iface=MIXER,name='Filter'", LONG);
        card.headphones.plug();
        guest.awaitConsole("event value: numid=1,iface=CARD,name='Headphone Jack'", LONG);
        run("killall amixer");
    }

    void jacks() {
        String headphones = "iface=CARD,name='Headphone Jack'";
        card.headphones.unplug();
        awaitValue("off", headphones);
        card.headphones.plug();
        awaitValue("on", headphones);
        card.headphones.unplug();
        awaitValue("off", headphones);
        assertValues("off", "iface=CARD,name='Mic Jack'");
    }

    private void awaitValue(String expected, String control) {
        run("until amixer -c 0 cget %s | grep -q ': values=%s'; do sleep 0.1; done".formatted(control, expected));
    }

    // ── The driver ─────────────────────────────────────────────────────────

    void rebind() {
        String driver = "/sys/bus/virtio/drivers/virtio_snd";
        run("""
            device=$(basename $(ls -d %1$s/virtio*))
            i=0
            while [ $i -lt 10 ]; do
                aplay -q -D hw:0,0 -t raw -f S16_LE -r 48000 -c 2 /dev/zero & player=$!
                sleep 0.2
                kill $player; wait $player
                echo $device > %1$s/unbind
                echo $device > %1$s/bind
                i=$((i + 1))
            done
            """.formatted(driver));
        wavFile();
    }
}
