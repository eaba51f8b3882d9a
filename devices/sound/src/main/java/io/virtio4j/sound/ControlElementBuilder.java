// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import io.virtio4j.sound.pcm.PcmDirection;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The choices for a {@link ControlElement}; each has a default that suits most. */
public final class ControlElementBuilder {

    static final int ITEM_SIZE = 64;
    /** > The driver MUST NOT submit the value field larger than 65536 bytes. [Control Element Metadata] */
    static final int MOST_TLV = 65_536;
    /** What fits the index of a notification. */
    private static final int MOST_ITEMS = 65_536;

    final String name;
    final ControlType type;
    final long min;
    final long max;
    final long step;
    final List<String> items;

    int index;
    int node;
    int role;
    int count = 1;
    int access = ControlElement.READ | ControlElement.WRITE;
    int tlvCapacity;
    long @Nullable [] initial;
    byte[] tlv = {};
    @Nullable Supplier<long[]> volatileValues;
    @Nullable TlvCommand tlvCommand;
    Consumer<ControlElement> onWrite = element -> {};

    ControlElementBuilder(String name, ControlType type, long min, long max, long step, List<String> items) {
        // > The device MUST set name and item fields to a non-empty 0-terminated ASCII strings.
        checkText("name", name, ItemInfo.CtlInfo.NAME_SIZE);
        items.forEach(item -> checkText("item", item, ITEM_SIZE));
        if (type == ControlType.ENUMERATED && (items.isEmpty() || items.size() > MOST_ITEMS)) {
            throw new IllegalArgumentException("an enumerated control has 1 to " + MOST_ITEMS + " items: name=" + name
                    + " items=" + items.size());
        }
        if (min > max || step < 0) {
            throw new IllegalArgumentException("a range has its minimum first, and a step that is not negative: name="
                    + name + " min=" + min + " max=" + max + " step=" + step);
        }
        this.name = name;
        this.type = type;
        this.min = min;
        this.max = max;
        this.step = step;
        this.items = List.copyOf(items);
    }

    private static void checkText(String what, String text, int size) {
        if (text.isEmpty() || text.length() >= size || text.indexOf('\0') >= 0
                || !StandardCharsets.US_ASCII.newEncoder().canEncode(text)) {
            throw new IllegalArgumentException("text has to be ASCII of 1 to " + (size - 1) + " characters: " + what
                    + "=" + text);
        }
    }

    /** Tells elements of the same name apart. Default: 0. */
    public ControlElementBuilder index(int newIndex) {
        index = newIndex;
        return this;
    }

    /** The function group, {@code hda_fn_nid}. Default: 0. */
    public ControlElementBuilder node(int newNode) {
        node = newNode;
        return this;
    }

    /** What it is for, and for which direction. Default: undefined. */
    public ControlElementBuilder role(ControlRole what, PcmDirection direction) {
        role = what == ControlRole.UNDEFINED ? 0 : what.ordinal() << 1 | direction.ordinal();
        return this;
    }

    /** How many members the value has, such as one for each channel. Default: 1. */
    public ControlElementBuilder count(int members) {
        // > The device MUST set the count to a value other than zero.
        if (members < 1 || members > type.most()) {
            throw new IllegalArgumentException("a value has 1 to " + type.most() + " members: name=" + name + " type="
                    + type + " count=" + members);
        }
        count = members;
        return this;
    }

    /** The value at first and after a reset: all members the same, or one for each. Default: the minimum, or 0. */
    public ControlElementBuilder initially(long... values) {
        initial = values.clone();
        return this;
    }

    /** The driver cannot change the value. */
    public ControlElementBuilder readOnly() {
        access &= ~ControlElement.WRITE;
        return this;
    }

    /** The driver cannot see the value. */
    public ControlElementBuilder writeOnly() {
        access &= ~ControlElement.READ;
        return this;
    }

    /** The value changes all the time and without notification, such as a meter's: asked for whenever it is read. */
    public ControlElementBuilder volatileValues(Supplier<long[]> values) {
        access |= ControlElement.VOLATILE;
        volatileValues = values;
        return this;
    }

    /** Metadata that the driver can read: {@code type}, and words of 4 bytes. */
    public ControlElementBuilder tlv(int tlvType, int... value) {
        access |= ControlElement.TLV_READ;
        tlv = ControlElement.encode(tlvType, value);
        return this;
    }

    /**
     * The range in decibels, as ALSA has it (SNDRV_CTL_TLVT_DB_SCALE): from the lowest value on, a step each.
     *
     * @param lowest in hundredths of a decibel
     * @param eachStep in hundredths of a decibel
     * @param muted whether the lowest value is silence
     */
    public ControlElementBuilder decibels(int lowest, int eachStep, boolean muted) {
        return tlv(1, lowest, eachStep | (muted ? 0x1_0000 : 0));
    }

    /** Lets the driver write metadata of at most so many bytes, to 65536. */
    public ControlElementBuilder writableTlv(int mostBytes) {
        if (mostBytes < 4 || mostBytes > MOST_TLV) {
            throw new IllegalArgumentException("metadata has 4 to " + MOST_TLV + " bytes: name=" + name + " mostBytes="
                    + mostBytes);
        }
        access |= ControlElement.TLV_WRITE | ControlElement.TLV_READ;
        tlvCapacity = mostBytes;
        return this;
    }

    /** Lets the driver execute commands for metadata. */
    public ControlElementBuilder onTlvCommand(TlvCommand command) {
        access |= ControlElement.TLV_COMMAND;
        tlvCommand = command;
        return this;
    }

    /** Learns of each value that the driver writes, on the thread that serves the control queue; must not block. */
    public ControlElementBuilder onWrite(Consumer<ControlElement> listener) {
        onWrite = listener;
        return this;
    }

    /** Creates the element. */
    public ControlElement build() {
        return new ControlElement(this);
    }
}
