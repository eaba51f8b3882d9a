// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import io.virtio4j.sound.pcm.PcmFormat;
import io.virtio4j.sound.pcm.PcmParameters;
import io.virtio4j.sound.pcm.PcmRate;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The state of a sound device: streams, jacks, control elements, and events that are due. */
final class SavedSound {

    private static final int VERSION = 1;

    private SavedSound() {}

    // ── Saving ─────────────────────────────────────────────────────────────

    static void save(SoundDevice device, StateWriter out) {
        out.le16(VERSION);
        out.le16(device.streams().size());
        device.streams().forEach(stream -> save(device, stream, out));
        out.le32(device.jacks().size());
        device.jacks().forEach(jack -> out.u8(jack.mapping()).flag(jack.isConnected()));
        out.le32(device.controls().size());
        device.controls().forEach(element -> out.bytes(element.savedValue()).bytes(element.tlvImage()));
        for (int pending : device.events().pending()) {
            out.u8(pending);
        }
    }

    private static void save(SoundDevice device, PcmStream stream, StateWriter out) {
        StreamPlan plan = stream.saved();
        PcmParameters parameters = plan.parameters();
        out.u8(plan.phase().ordinal()).flag(parameters != null);
        if (parameters != null) {
            out.u8(parameters.format().ordinal()).u8(parameters.rate().ordinal()).u8(parameters.channels())
                    .le32(parameters.bufferBytes()).le32(parameters.periodBytes()).le32(plan.features());
        }
        out.le64(device.passedFrames(stream));
    }

    // ── Restoring ──────────────────────────────────────────────────────────

    /** Reads and checks everything before anything changes. */
    static void restore(SoundDevice device, StateReader in) {
        if (in.le16() != VERSION) {
            throw new StateException("saved sound device is of another version");
        }
        List<Runnable> changes = new ArrayList<>();
        check("streams", in.le16(), device.streams().size());
        device.streams().forEach(stream -> changes.add(stream(device, stream, in)));
        check("jacks", in.le32(), device.jacks().size());
        for (int i = 0; i < device.jacks().size(); i++) {
            changes.add(jack(device, i, in));
        }
        check("controls", in.le32(), device.controls().size());
        device.controls().forEach(element -> changes.add(control(element, in)));
        changes.addFirst(events(device, in));
        in.end();
        changes.forEach(Runnable::run);
    }

    private static void check(String what, long saved, int expected) {
        if (saved != expected) {
            throw new StateException("saved sound device is another: " + what + "=" + saved + " expected="
                    + expected);
        }
    }

    private static Runnable stream(SoundDevice device, PcmStream stream, StateReader in) {
        int phase = in.u8();
        if (phase >= StreamPhase.values().length) {
            throw new StateException("saved stream has no such phase: stream=" + stream.id() + " phase=" + phase);
        }
        StreamPhase saved = StreamPhase.values()[phase];
        PcmParameters parameters = null;
        int features = 0;
        if (in.flag()) {
            parameters = parameters(device, stream, in);
            features = (int) in.le32();
        }
        long position = in.le64();
        boolean fits = (parameters != null) == (saved != StreamPhase.UNSET)
                && (features & ~stream.info().featureBits()) == 0
                && position >= 0 && position <= device.mostBufferBytes();
        if (!fits) {
            throw new StateException("saved stream cannot be: stream=" + stream.id() + " phase=" + saved
                    + " parameters=" + parameters + " features=" + features + " position=" + position);
        }
        @Nullable PcmParameters set = parameters;
        int selected = features;
        return () -> stream.restore(saved, set, selected, position);
    }

    private static PcmParameters parameters(SoundDevice device, PcmStream stream, StateReader in) {
        PcmStreamInfo info = stream.info();
        int format = in.u8();
        int rate = in.u8();
        int channels = in.u8();
        int buffer = in.le32("bufferBytes", 1, device.mostBufferBytes());
        int period = in.le32("periodBytes", 1, device.mostBufferBytes());
        if (format >= PcmFormat.values().length || !info.formats().contains(PcmFormat.values()[format])
                || rate >= PcmRate.values().length || !info.rates().contains(PcmRate.values()[rate])
                || channels < info.channelsMin() || channels > info.channelsMax()) {
            throw new StateException("saved parameters are none of this stream: stream=" + stream.id() + " format="
                    + format + " rate=" + rate + " channels=" + channels);
        }
        try {
            return new PcmParameters(PcmFormat.values()[format], PcmRate.values()[rate], channels, buffer, period);
        } catch (IllegalArgumentException e) {
            throw new StateException("saved parameters cannot be: stream=" + stream.id() + " " + e.getMessage());
        }
    }

    /** Something may be plugged in here that was not there, or the other way round: the driver is told. */
    private static Runnable jack(SoundDevice device, int id, StateReader in) {
        Jack jack = device.jacks().get(id);
        int mapping = in.u8();
        boolean wasConnected = in.flag();
        if (!jack.isRemappable() && mapping != jack.mapping()) {
            throw new StateException("saved jack was remapped, and this one cannot be: jack=" + id);
        }
        return () -> {
            if (mapping != jack.mapping()) {
                jack.remap(mapping >>> 4, mapping & 0xF);
            }
            if (wasConnected != jack.isConnected()) {
                device.events().jackChanged(id);
            }
        };
    }

    private static Runnable control(ControlElement element, StateReader in) {
        byte[] value = in.bytes();
        byte[] tlv = in.bytes();
        if (!element.isValid(value) || !element.isValidTlv(tlv)) {
            throw new StateException("saved value is none of this control: name=" + element.name());
        }
        return () -> element.restore(value, tlv);
    }

    private static Runnable events(SoundDevice device, StateReader in) {
        int[] pending = new int[device.events().pending().length];
        for (int i = 0; i < pending.length; i++) {
            pending[i] = in.u8();
            if ((pending[i] & ~device.events().valid(i)) != 0) {
                throw new StateException("saved event cannot be: thing=" + i + " events=" + pending[i]);
            }
        }
        return () -> device.events().restore(pending);
    }
}
