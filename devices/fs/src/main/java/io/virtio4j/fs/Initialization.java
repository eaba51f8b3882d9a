// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.fs.FuseWire.InitIn;
import io.virtio4j.fs.FuseWire.InitOut;
import io.virtio4j.fs.backend.FsCapability;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsNode;
import java.io.IOException;

/** Negotiates a session: FUSE_INIT. [File System Device / Device Initialization] */
final class Initialization {

    static final int MAJOR = 7;
    static final int MINOR = 45;
    /** The version that the first driver of such a device spoke; older structures are shorter. */
    static final int LEAST_MINOR = 27;

    private static final int EPROTO = 71;

    /** {@code fuse_init_in} without INIT_EXT. */
    private static final int SHORT = 16;

    /** Without waiting: a driver's queue limits it. */
    private static final int MAX_BACKGROUND = 256;

    private final FsDevice device;

    Initialization(FsDevice device) {
        this.device = device;
    }

    void serve(Request request) throws IOException {
        request.parse(FuseOpcode.INIT);
        Fields in = request.in;
        long major = in.get(InitIn.MAJOR);
        if (major > MAJOR) {
            // The driver is to ask again with a version that both have.
            Fields out = request.structure(FuseOpcode.INIT.outSize);
            out.set(InitOut.MAJOR, MAJOR);
            out.set(InitOut.MINOR, MINOR);
            request.answer(FuseOpcode.INIT.outSize);
            return;
        }
        long minor = Math.min(in.get(InitIn.MINOR), MINOR);
        if (major < MAJOR || minor < LEAST_MINOR || request.room() < InitOut.SIZE) {
            throw FsException.of(EPROTO);
        }
        request.parseMore(FuseOpcode.INIT.inSize, SHORT);
        long flags = in.get(InitIn.FLAGS);
        if ((flags & InitFlag.INIT_EXT.bit) != 0) {
            request.parseMore(SHORT, InitIn.SIZE);
            flags |= in.get(InitIn.FLAGS2) << 32;
        }
        long readahead = in.get(InitIn.MAX_READAHEAD);
        begin(request, minor, flags & offered());
        answer(request, minor, flags & offered(), readahead);
    }

    private void begin(Request request, long minor, long flags) throws IOException {
        Session before = device.endSession();
        FsNode root = device.backend().root();
        device.begin(new Session(device, request.isSwapped(), minor, flags, root, before));
    }

    private void answer(Request request, long minor, long flags, long readahead) {
        FsDeviceBuilder options = device.options();
        Fields out = request.structure(InitOut.SIZE);
        out.set(InitOut.MAJOR, MAJOR);
        out.set(InitOut.MINOR, minor);
        out.set(InitOut.MAX_READAHEAD, readahead);
        out.set(InitOut.FLAGS, flags);
        out.set(InitOut.FLAGS2, flags >>> 32);
        out.set(InitOut.MAX_BACKGROUND, MAX_BACKGROUND);
        out.set(InitOut.CONGESTION_THRESHOLD, MAX_BACKGROUND * 3 / 4);
        out.set(InitOut.MAX_WRITE, options.maxWrite);
        out.set(InitOut.TIME_GRAN, 1);
        out.set(InitOut.MAX_PAGES, options.maxPages());
        out.set(InitOut.MAP_ALIGNMENT, options.hasDax() ? DaxWindow.ALIGNMENT_SHIFT : 0);
        request.answer(InitOut.SIZE);
    }

    private long offered() {
        FsDeviceBuilder options = device.options();
        long offered = 0;
        for (InitFlag flag : InitFlag.values()) {
            boolean offer = switch (flag) {
                case WRITEBACK_CACHE -> options.writebackCache && !device.isReadOnly();
                // With a cache of writes, data is the driver's alone to change.
                case AUTO_INVAL_DATA -> !options.writebackCache;
                case POSIX_ACL -> device.can(FsCapability.ACCESS_CONTROL_LISTS);
                case MAP_ALIGNMENT, HAS_INODE_DAX -> options.hasDax();
                default -> true;
            };
            if (offer) {
                offered |= flag.bit;
            }
        }
        return offered;
    }
}
