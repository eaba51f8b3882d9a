// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.queue.ChainWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Reads and writes control elements and their metadata. [Control Elements] */
final class ControlCommands {

    private static final int TLV_HEADER = 8;

    private final SoundDevice device;
    private final boolean negotiated;

    ControlCommands(SoundDevice device, boolean negotiated) {
        this.device = device;
        this.negotiated = negotiated;
    }

    int serve(int code, ChainReader in, ChainWriter out) {
        if (!negotiated) {
            return SoundCode.NOT_SUPP;
        }
        long id = in.readLe32();
        if (id >= device.controls().size()) {
            return SoundCode.BAD_MSG;
        }
        ControlElement element = device.controls().get((int) id);
        if (code != SoundCode.CTL_ENUM_ITEMS && !element.may(neededAccess(code))) {
            return SoundCode.NOT_SUPP;
        }
        try {
            return switch (code) {
                case SoundCode.CTL_ENUM_ITEMS -> items(element, out);
                case SoundCode.CTL_READ -> read(element, out);
                case SoundCode.CTL_WRITE -> write(element, in);
                case SoundCode.CTL_TLV_READ -> readTlv(element, out);
                case SoundCode.CTL_TLV_WRITE -> writeTlv(element, in);
                default -> command(element, in);
            };
        } catch (ChainFault e) {
            throw e;
        } catch (RuntimeException e) {
            device.controlFailed(element, e); // the embedder's value or listener
            return SoundCode.IO_ERR;
        }
    }

    private static int neededAccess(int code) {
        return switch (code) {
            case SoundCode.CTL_READ -> ControlElement.READ;
            case SoundCode.CTL_WRITE -> ControlElement.WRITE;
            case SoundCode.CTL_TLV_READ -> ControlElement.TLV_READ;
            case SoundCode.CTL_TLV_WRITE -> ControlElement.TLV_WRITE;
            default -> ControlElement.TLV_COMMAND;
        };
    }

    private static int items(ControlElement element, ChainWriter out) {
        if (element.type() != ControlType.ENUMERATED) {
            return SoundCode.NOT_SUPP;
        }
        int size = ControlElementBuilder.ITEM_SIZE;
        if ((long) element.items().size() * size > out.remaining()) {
            return SoundCode.BAD_MSG;
        }
        for (String item : element.items()) {
            out.write(Arrays.copyOf(item.getBytes(StandardCharsets.US_ASCII), size));
        }
        return SoundCode.OK;
    }

    // ── Value ──────────────────────────────────────────────────────────────

    private static int read(ControlElement element, ChainWriter out) {
        byte[] value = element.image();
        if (value.length > out.remaining()) {
            return SoundCode.BAD_MSG;
        }
        out.write(value);
        return SoundCode.OK;
    }

    private static int write(ControlElement element, ChainReader in) {
        byte[] value = new byte[element.size()];
        in.read(value);
        return element.write(value) ? SoundCode.OK : SoundCode.BAD_MSG;
    }

    // ── Metadata ───────────────────────────────────────────────────────────

    /** > the device SHOULD write as much as it can and successfully complete the request. */
    private static int readTlv(ControlElement element, ChainWriter out) {
        byte[] tlv = element.tlvImage();
        out.write(Arrays.copyOf(tlv, (int) Math.min(tlv.length, out.remaining())));
        return SoundCode.OK;
    }

    private static int writeTlv(ControlElement element, ChainReader in) {
        long type = in.readLe32();
        long length = in.readLe32();
        if (!isTlvLength(length, in) || length > element.tlvCapacity()) {
            return SoundCode.BAD_MSG;
        }
        element.writeTlv(ControlElement.encode((int) type, words(in, (int) length)));
        return SoundCode.OK;
    }

    private static int command(ControlElement element, ChainReader in) {
        long type = in.readLe32();
        long length = in.readLe32();
        TlvCommand command = element.tlvCommand();
        if (command == null || !isTlvLength(length, in)) {
            return SoundCode.BAD_MSG;
        }
        return command.execute(type, words(in, (int) length)) ? SoundCode.OK : SoundCode.NOT_SUPP;
    }

    /** > MUST NOT submit the value field larger than 65536 bytes. [...] value length in bytes aligned to 4 */
    private static boolean isTlvLength(long length, ChainReader in) {
        return length <= ControlElementBuilder.MOST_TLV && length % Integer.BYTES == 0 && length <= in.remaining();
    }

    private static int[] words(ChainReader in, int length) {
        int[] words = new int[length / Integer.BYTES];
        for (int i = 0; i < words.length; i++) {
            words[i] = (int) in.readLe32();
        }
        return words;
    }
}
