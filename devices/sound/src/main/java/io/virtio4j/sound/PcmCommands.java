// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.sound.pcm.PcmFormat;
import io.virtio4j.sound.pcm.PcmParameters;
import io.virtio4j.sound.pcm.PcmRate;
import org.jspecify.annotations.Nullable;

/** Takes streams through their states. [PCM Control Messages] */
final class PcmCommands {

    private static final PcmFormat[] FORMATS = PcmFormat.values();
    private static final PcmRate[] RATES = PcmRate.values();
    private static final int KNOWN_FEATURES = (1 << PcmFeature.values().length) - 1;

    private final SoundDevice device;
    /** Has a command that was not followed yet. */
    private @Nullable PcmStream waiting;

    PcmCommands(SoundDevice device) {
        this.device = device;
    }

    /** An error, and the stream is as before; or OK, and the command is to be followed. */
    int serve(int code, ChainReader in) {
        long id = in.readLe32();
        if (id >= device.streams().size()) {
            return SoundCode.BAD_MSG;
        }
        PcmStream stream = device.streams().get((int) id);
        int status = code == SoundCode.PCM_SET_PARAMS ? setParameters(stream, in) : go(stream, code);
        if (status == SoundCode.OK) {
            waiting = stream;
            device.follow(stream);
        }
        return status;
    }

    private static int go(PcmStream stream, int code) {
        StreamPhase next = switch (code) {
            case SoundCode.PCM_PREPARE -> StreamPhase.PREPARED;
            case SoundCode.PCM_START -> StreamPhase.STARTED;
            case SoundCode.PCM_STOP -> StreamPhase.STOPPED;
            default -> StreamPhase.RELEASED;
        };
        if (!stream.mayBecome(next)) {
            return SoundCode.BAD_MSG;
        }
        switch (next) {
            case PREPARED -> {
                if (!stream.prepare()) {
                    return SoundCode.IO_ERR;
                }
            }
            case STARTED -> stream.start();
            case STOPPED -> stream.stop();
            default -> stream.release();
        }
        return SoundCode.OK;
    }

    // ── VIRTIO_SND_R_PCM_SET_PARAMS ────────────────────────────────────────

    private int setParameters(PcmStream stream, ChainReader in) {
        long bufferBytes = in.readLe32();
        long periodBytes = in.readLe32();
        int features = (int) in.readLe32();
        int channels = in.readU8();
        int format = in.readU8();
        int rate = in.readU8();
        int padding = in.readU8();
        if (!stream.mayBecome(StreamPhase.SET) || padding != 0 || channels == 0
                || (features & ~KNOWN_FEATURES) != 0 || format >= FORMATS.length || rate >= RATES.length) {
            return SoundCode.BAD_MSG;
        }
        PcmStreamInfo info = stream.info();
        if ((features & ~info.featureBits()) != 0 || !info.formats().contains(FORMATS[format])
                || !info.rates().contains(RATES[rate]) || channels < info.channelsMin()
                || channels > info.channelsMax()) {
            return SoundCode.NOT_SUPP;
        }
        int frame = channels * FORMATS[format].bytes();
        // > period_bytes MUST be a divider buffer_bytes, i.e. buffer_bytes % period_bytes == 0.
        if (periodBytes == 0 || bufferBytes == 0 || bufferBytes % periodBytes != 0 || periodBytes % frame != 0) {
            return SoundCode.BAD_MSG;
        }
        if (bufferBytes > device.mostBufferBytes()) {
            return SoundCode.NOT_SUPP;
        }
        stream.set(new PcmParameters(FORMATS[format], RATES[rate], channels, (int) bufferBytes, (int) periodBytes),
                features);
        return SoundCode.OK;
    }

    // ── The answer ─────────────────────────────────────────────────────────

    boolean isWaiting() {
        return waiting != null;
    }

    boolean isFollowed() {
        PcmStream stream = waiting;
        return stream != null && device.isFollowed(stream);
    }

    /** The command was followed. */
    void settle() {
        PcmStream stream = waiting;
        if (stream != null) {
            waiting = null;
            stream.settle();
        }
    }

    /** Nobody waits for an answer any more. */
    void abandon() {
        PcmStream stream = waiting;
        if (stream != null) {
            waiting = null;
            stream.abandon();
        }
    }
}
