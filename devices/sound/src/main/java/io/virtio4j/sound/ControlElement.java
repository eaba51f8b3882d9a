// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A control element of a sound device: a volume, a switch, a mode. [Control Elements]
 *
 * <pre>{@code
 * ControlElement volume = ControlElement.integer("Master Playback Volume", 0, 100, 1)
 *         .role(ControlRole.VOLUME, PcmDirection.OUTPUT).count(2).initially(80).build();
 * }</pre>
 *
 * <p>It holds a value, which the driver and the embedder may change, and metadata. Safe for use by any thread;
 * belongs to one device.
 */
public final class ControlElement {

    // VIRTIO_SND_CTL_ACCESS_*
    static final int READ = 1;
    static final int WRITE = 1 << 1;
    static final int VOLATILE = 1 << 2;
    static final int INACTIVE = 1 << 3;
    static final int TLV_READ = 1 << 4;
    static final int TLV_WRITE = 1 << 5;
    static final int TLV_COMMAND = 1 << 6;

    // VIRTIO_SND_CTL_EVT_MASK_*
    static final int EVENT_VALUE = 1;
    static final int EVENT_INFO = 1 << 1;
    static final int EVENT_TLV = 1 << 2;

    private static final int TLV_HEADER = 8;

    private final ControlElementBuilder options;
    private final @Nullable Supplier<long[]> volatileValues;
    private final int size;

    /** The value as on the wire. Never changed in place, as the next two. */
    private volatile byte[] value;
    private volatile byte[] tlv;
    /** What the embedder set last: what a reset returns to. */
    private volatile byte[] ownValue;
    private volatile byte[] ownTlv;
    private volatile boolean active = true;
    private volatile IntConsumer notify = mask -> {};

    ControlElement(ControlElementBuilder options) {
        this.options = options;
        volatileValues = options.volatileValues;
        size = options.type.size() * options.count;
        long[] initial = options.initial;
        if (options.type.isNumber()) {
            value = encode(initial != null ? initial : new long[] {options.min});
        } else {
            value = new byte[size];
        }
        ownValue = value;
        tlv = options.tlv;
        ownTlv = tlv;
    }

    /** Begins a switch: 0 or 1. */
    public static ControlElementBuilder toggle(String name) {
        return new ControlElementBuilder(name, ControlType.BOOLEAN, 0, 1, 1, List.of());
    }

    /**
     * Begins a number of 32 bits.
     *
     * @param step 0 if steps differ
     */
    public static ControlElementBuilder integer(String name, int min, int max, int step) {
        return new ControlElementBuilder(name, ControlType.INTEGER, min, max, step, List.of());
    }

    /** Begins a number of 64 bits, as {@link #integer}. */
    public static ControlElementBuilder integer64(String name, long min, long max, long step) {
        return new ControlElementBuilder(name, ControlType.INTEGER64, min, max, step, List.of());
    }

    /** Begins a choice of items; the value is the number of one. */
    public static ControlElementBuilder enumerated(String name, String... items) {
        return new ControlElementBuilder(name, ControlType.ENUMERATED, 0, Math.max(0, items.length - 1), 1,
                List.of(items));
    }

    /** Begins a string of bytes. */
    public static ControlElementBuilder bytes(String name, int count) {
        return new ControlElementBuilder(name, ControlType.BYTES, 0, 255, 1, List.of()).count(count);
    }

    /** Begins the status of a digital audio interface, 176 bytes. */
    public static ControlElementBuilder iec958(String name) {
        return new ControlElementBuilder(name, ControlType.IEC958, 0, 255, 1, List.of());
    }

    // ── For the embedder ───────────────────────────────────────────────────

    /** The name. */
    public String name() {
        return options.name;
    }

    /** The value, member by member. */
    public long[] values() {
        if (!options.type.isNumber()) {
            throw new IllegalStateException("this value is bytes: name=" + name() + " type=" + type());
        }
        return decode(image());
    }

    /** The first member of the value. */
    public long value() {
        return values()[0];
    }

    /**
     * Changes the value, and tells the driver if it differs.
     *
     * @param values one for each member, or one for all
     * @throws IllegalArgumentException if it is none that this element can have
     */
    public void set(long... values) {
        change(encode(values));
    }

    /** The value of an element of bytes. */
    public byte[] bytes() {
        return value.clone();
    }

    /** Changes the value of an element of bytes, and tells the driver if it differs. */
    public void setBytes(byte[] bytes) {
        if (bytes.length != size || options.type.isNumber()) {
            throw new IllegalArgumentException("not a value of this element: name=" + name() + " type=" + type()
                    + " bytes=" + bytes.length + " size=" + size);
        }
        change(bytes.clone());
    }

    private void change(byte[] image) {
        boolean changed;
        synchronized (this) {
            changed = !Arrays.equals(value, image);
            value = image;
            ownValue = image;
        }
        if (changed) {
            notify.accept(EVENT_VALUE);
        }
    }

    /** Metadata with its header: {@code type}, {@code length} and the words; empty if there is none. */
    public byte[] tlv() {
        return tlv.clone();
    }

    /** Changes metadata, and tells the driver. */
    public void setTlv(int type, int... words) {
        if ((options.access & TLV_READ) == 0) {
            throw new IllegalStateException("this element has no metadata: name=" + name());
        }
        byte[] image = encode(type, words);
        synchronized (this) {
            tlv = image;
            ownTlv = image;
        }
        notify.accept(EVENT_TLV);
    }

    /** Whether the element does something; tells the driver if that is new. Default: true. */
    public void setActive(boolean does) {
        boolean changed;
        synchronized (this) {
            changed = active != does;
            active = does;
        }
        if (changed) {
            notify.accept(EVENT_INFO);
        }
    }

    // ── What it is ─────────────────────────────────────────────────────────

    /** The type of its value. */
    public ControlType type() {
        return options.type;
    }

    void attach(IntConsumer notifyDriver) {
        notify = notifyDriver;
    }

    int index() {
        return options.index;
    }

    int node() {
        return options.node;
    }

    int role() {
        return options.role;
    }

    int count() {
        return options.count;
    }

    int access() {
        return options.access | (active ? 0 : INACTIVE);
    }

    boolean may(int access) {
        return (options.access & access) != 0;
    }

    long min() {
        return options.min;
    }

    long max() {
        return options.max;
    }

    long step() {
        return options.step;
    }

    List<String> items() {
        return options.items;
    }

    @Nullable TlvCommand tlvCommand() {
        return options.tlvCommand;
    }

    int tlvCapacity() {
        return options.tlvCapacity;
    }

    // ── For the device ─────────────────────────────────────────────────────

    /** Bytes of the value. */
    int size() {
        return size;
    }

    /** The value as on the wire; not to be changed. */
    byte[] image() {
        Supplier<long[]> now = volatileValues;
        return now == null ? value : encode(now.get());
    }

    /** The metadata as on the wire; not to be changed. */
    byte[] tlvImage() {
        return tlv;
    }

    /** Takes a value from the driver; false if it is none that this element can have. */
    boolean write(byte[] image) {
        if (!isValid(image)) {
            return false;
        }
        synchronized (this) {
            value = image;
        }
        options.onWrite.accept(this);
        return true;
    }

    boolean isValid(byte[] image) {
        if (image.length != size) {
            return false;
        }
        if (options.type.isNumber()) {
            for (long member : decode(image)) {
                if (!isMember(member)) {
                    return false;
                }
            }
        }
        return true;
    }

    private boolean isMember(long member) {
        return member >= options.min && member <= options.max
                && (options.step <= 1 || Long.remainderUnsigned(member - options.min, options.step) == 0);
    }

    /** The value that was set last; for a saved state. */
    byte[] savedValue() {
        return value;
    }

    /** Takes up what was saved. */
    void restore(byte[] savedValue, byte[] savedTlv) {
        tlv = savedTlv;
        if (!Arrays.equals(value, savedValue)) {
            write(savedValue);
        }
    }

    void writeTlv(byte[] image) {
        tlv = image;
    }

    /** Whether metadata can be what a driver wrote, or what this element has. */
    boolean isValidTlv(byte[] image) {
        if (!may(TLV_WRITE) || Arrays.equals(image, tlv)) {
            return Arrays.equals(image, tlv);
        }
        return image.length >= TLV_HEADER && image.length - TLV_HEADER <= tlvCapacity()
                && ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN).getInt(Integer.BYTES)
                        == image.length - TLV_HEADER;
    }

    /** What the driver changed is as the embedder left it. */
    void reset() {
        tlv = ownTlv;
        if (value != ownValue) {
            value = ownValue;
            options.onWrite.accept(this);
        }
    }

    // ── Wire ───────────────────────────────────────────────────────────────

    private byte[] encode(long... values) {
        if (!options.type.isNumber() || values.length != 1 && values.length != options.count) {
            throw new IllegalArgumentException("not a value of this element: name=" + name() + " type=" + type()
                    + " members=" + values.length + " count=" + options.count);
        }
        ByteBuffer image = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < options.count; i++) {
            long member = values[values.length == 1 ? 0 : i];
            if (!isMember(member)) {
                throw new IllegalArgumentException("value is out of range: name=" + name() + " value=" + member
                        + " min=" + options.min + " max=" + options.max + " step=" + options.step);
            }
            if (options.type.size() == Long.BYTES) {
                image.putLong(member);
            } else {
                image.putInt((int) member);
            }
        }
        return image.array();
    }

    private long[] decode(byte[] image) {
        ByteBuffer from = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        long[] members = new long[options.count];
        for (int i = 0; i < members.length; i++) {
            members[i] = options.type.size() == Long.BYTES ? from.getLong() : from.getInt();
        }
        return members;
    }

    static byte[] encode(int type, int[] words) {
        ByteBuffer image = ByteBuffer.allocate(TLV_HEADER + words.length * Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(type)
                .putInt(words.length * Integer.BYTES);
        for (int word : words) {
            image.putInt(word);
        }
        return image.array();
    }

    /** What tells elements apart. */
    record Key(String name, int index) {}

    Key key() {
        return new Key(Objects.requireNonNull(name()), index());
    }
}
