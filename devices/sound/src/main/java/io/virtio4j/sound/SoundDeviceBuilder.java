// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import io.virtio4j.core.device.DeviceClock;
import io.virtio4j.sound.pcm.PcmInput;
import io.virtio4j.sound.pcm.PcmOutput;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a {@link SoundDevice} has; the order of additions numbers streams, jacks, maps and controls. */
public final class SoundDeviceBuilder {

    /** What the event of a control element can name, and more than anybody has of the rest. */
    private static final int MOST_ITEMS = 65_536;
    private static final int MOST_STREAMS = 1024;
    private static final int BUFFER = 16 << 20;
    private static final int LARGEST_BUFFER = 1 << 28;

    /** A stream with its backend, which is one of both. */
    record Stream(PcmStreamInfo info, @Nullable PcmOutput output, @Nullable PcmInput input) {}

    private final List<Stream> streams = new ArrayList<>();
    private final List<Jack> jacks = new ArrayList<>();
    private final List<ChannelMap> channelMaps = new ArrayList<>();
    private final List<ControlElement> controls = new ArrayList<>();
    private int mostBufferBytes = BUFFER;
    private DeviceClock clock = DeviceClock.system();

    SoundDeviceBuilder() {}

    /** Adds an output stream that can do whatever its backend can. */
    public SoundDeviceBuilder output(PcmOutput backend) {
        return output(PcmStreamInfo.output(), backend);
    }

    /** Adds an output stream that can do what both say. */
    public SoundDeviceBuilder output(PcmStreamInfo info, PcmOutput backend) {
        return add(new Stream(info.limitedTo(backend.formats()), backend, null), PcmStreamInfo.output());
    }

    /** Adds an input stream that can do whatever its backend can. */
    public SoundDeviceBuilder input(PcmInput backend) {
        return input(PcmStreamInfo.input(), backend);
    }

    /** Adds an input stream that can do what both say. */
    public SoundDeviceBuilder input(PcmStreamInfo info, PcmInput backend) {
        return add(new Stream(info.limitedTo(backend.formats()), null, backend), PcmStreamInfo.input());
    }

    private SoundDeviceBuilder add(Stream stream, PcmStreamInfo expected) {
        if (stream.info().direction() != expected.direction()) {
            throw new IllegalArgumentException("stream and backend have different directions: stream="
                    + stream.info().direction());
        }
        checkCount("streams", streams.size(), MOST_STREAMS);
        streams.add(stream);
        return this;
    }

    private static void checkCount(String what, int count, int most) {
        if (count == most) {
            throw new IllegalArgumentException("too many " + what + ": most=" + most);
        }
    }

    /** Adds a jack. */
    public SoundDeviceBuilder jack(Jack jack) {
        checkCount("jacks", jacks.size(), MOST_ITEMS);
        jacks.add(jack);
        return this;
    }

    /** Adds a channel map. */
    public SoundDeviceBuilder channelMap(ChannelMap map) {
        checkCount("channel maps", channelMaps.size(), MOST_ITEMS);
        channelMaps.add(map);
        return this;
    }

    /** Adds a control element. With the first, CTLS is offered. */
    public SoundDeviceBuilder control(ControlElement control) {
        checkCount("controls", controls.size(), MOST_ITEMS);
        controls.add(control);
        return this;
    }

    /**
     * The largest buffer that a driver may set for a stream, and the largest message. Default: 16 MiB.
     *
     * @param bytes up to 256 MiB
     */
    public SoundDeviceBuilder mostBufferBytes(int bytes) {
        if (bytes < 1 || bytes > LARGEST_BUFFER) {
            throw new IllegalArgumentException("a buffer has 1 to " + LARGEST_BUFFER + " bytes: bytes=" + bytes);
        }
        mostBufferBytes = bytes;
        return this;
    }

    /** Replaces the system's time. */
    public SoundDeviceBuilder clock(DeviceClock newClock) {
        clock = newClock;
        return this;
    }

    /**
     * Creates the device.
     *
     * @throws IllegalArgumentException if control elements cannot be told apart
     */
    public SoundDevice build() {
        // > The device MUST ensure that the combination (name, index) is unique for each available element.
        Set<ControlElement.Key> keys = new HashSet<>();
        for (ControlElement control : controls) {
            if (!keys.add(control.key())) {
                throw new IllegalArgumentException("two control elements have the same name and index: "
                        + control.key());
            }
        }
        return new SoundDevice(this);
    }

    List<Stream> streams() {
        return streams;
    }

    List<Jack> jacks() {
        return jacks;
    }

    List<ChannelMap> channelMaps() {
        return channelMaps;
    }

    List<ControlElement> controls() {
        return controls;
    }

    int mostBufferBytes() {
        return mostBufferBytes;
    }

    DeviceClock clock() {
        return clock;
    }
}
