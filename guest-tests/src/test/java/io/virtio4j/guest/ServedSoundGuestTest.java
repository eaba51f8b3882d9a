// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.core.device.CoreFeature;
import io.virtio4j.sound.SoundCounter;
import io.virtio4j.sound.SoundFeature;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/** A sound card of ours in a guest, used by alsa-utils. */
@Tag("guest")
@ExtendWith(GuestReport.class)
class ServedSoundGuestTest {

    @OnEachWiring
    void what_is_played_is_recorded_sample_by_sample(Wiring wiring, GuestReport.Row row) throws IOException {
        with(wiring, "sound-playback-" + wiring, row, work -> {
            row.step("cards");
            work.cards();
            row.step("WAV files");
            work.wavFile();
            row.step("formats and rates");
            work.formatsAndRates();
            work.formatsThatAreCopied();
            row.step("speaker-test");
            work.speakerTest();
            row.step("an underrun");
            work.underrun();
            row.step("unbind and bind");
            work.rebind();
        });
    }

    @OnEachWiring
    void a_tone_is_recorded_and_controls_are_used(Wiring wiring, GuestReport.Row row) throws IOException {
        with(wiring, "sound-capture-" + wiring, row, work -> {
            row.step("arecord");
            work.tone();
            row.step("full duplex");
            work.fullDuplex();
            row.step("amixer");
            work.controls();
            row.step("alsactl");
            work.storedState();
            work.notifications();
            row.step("jacks");
            work.jacks();
        });
    }

    @OnEachWiring
    void a_minute_is_played_without_a_gap(Wiring wiring, GuestReport.Row row) throws IOException {
        with(wiring, "sound-minute-" + wiring, row, work -> {
            row.step("a minute");
            work.minute();
        });
    }

    private static void with(Wiring wiring, String name, GuestReport.Row row, Consumer<SoundWork> what)
        throws IOException {
        try (SharedDirectory shared = SharedDirectory.create()) {
            GuestSoundCard card = new GuestSoundCard(shared);
            try (ServedSound served = ServedSound.serve(shared, wiring, card);
                 ExchangeDisk disk = ExchangeDisk.serve(shared, wiring);
                 LinuxGuest guest = disk.plugInto(served.plugInto(LinuxGuest.builder(shared)))
                     .programs(GuestPrograms.SOUND).name(name).processors(2).start()) {
                row.shows(served);
                what.accept(new SoundWork(guest, card, disk));
                assertTrue(served.accepted().has(SoundFeature.CTLS));
                assertEquals(wiring.ring() == Wiring.Ring.PACKED, served.accepted().has(CoreFeature.RING_PACKED));
                guest.powerOff();
                assertEquals(List.of(), guest.complaints());
                assertEquals(0, served.errors());
                row.note("Linux " + guest.release() + ", " + card.count(SoundCounter.PLAYED) + " messages played, "
                    + card.count(SoundCounter.RECORDED) + " recorded, " + card.count(SoundCounter.GAPS) + " gaps");
            }
        }
    }
}
