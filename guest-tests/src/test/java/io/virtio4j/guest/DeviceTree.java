// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A device tree for a guest that is a PC, which has none by itself: compiled with the tree's {@code dtc}, and given
 * to QEMU with {@code -dtb}.
 */
final class DeviceTree {

    /** Where a kernel says how many sectors of 512 bytes its real-mode part has, besides the first. */
    private static final int SETUP_SECTORS = 0x1F1;
    private static final int SECTOR = 512;
    private static final int USUAL_SECTORS = 4;

    /** What QEMU puts before the file: {@code struct setup_data} of Linux's boot protocol, without its data. */
    private static final int SETUP_DATA_SIZE = 16;
    private static final int SETUP_DTB = 2;

    private DeviceTree() {}

    /**
     * Compiles a device tree for a kernel.
     *
     * @param source the file with the source
     * @param kernel the kernel's file as it is called inside the tree
     * @return the file as it is called inside the tree, for {@code -dtb}
     */
    static String compile(SharedDirectory shared, Path source, String kernel) throws IOException {
        Files.copy(source, shared.path("tree.dts"));
        shared.run("dtc", "-q", "-I", "dts", "-O", "dtb", "-o", shared.inside("tree.dtb"), shared.inside("tree.dts"));
        byte[] image = Files.readAllBytes(shared.tree().resolve(kernel.substring(1)));
        Files.write(shared.path("guest.dtb"), forQemu(Files.readAllBytes(shared.path("tree.dtb")), image));
        return shared.inside("guest.dtb");
    }

    /**
     * The same device tree where QEMU's file and where the kernel look for it. QEMU appends the file, with a header,
     * to the kernel's file, and tells the kernel its offset there; but the kernel is loaded without its real-mode
     * part, and so looks that much farther (QEMU 10.2 to 11.1). So the tree stands there once more, with a header of
     * its own; a QEMU that is right sees the first.
     */
    private static byte[] forQemu(byte[] tree, byte[] kernel) {
        int sectors = kernel[SETUP_SECTORS] & 0xFF;
        int second = ((sectors == 0 ? USUAL_SECTORS : sectors) + 1) * SECTOR - SETUP_DATA_SIZE;
        if (tree.length > second) {
            throw new IllegalArgumentException("device tree is larger than the kernel's real-mode part: bytes="
                + tree.length + " room=" + second);
        }
        ByteBuffer file = ByteBuffer.allocate(second + SETUP_DATA_SIZE + tree.length).order(ByteOrder.LITTLE_ENDIAN);
        file.put(0, tree);
        file.position(second);
        file.putLong(0).putInt(SETUP_DTB).putInt(tree.length).put(tree);
        return file.array();
    }
}
