// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.queue.ChainWriter;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.core.queue.VirtQueue;
import org.jspecify.annotations.Nullable;

/**
 * The control queue. A command for a stream is answered once the owner of the stream's messages has followed it;
 * meanwhile the next requests wait. [Device Operation]
 */
final class ControlQueue implements QueueHandler {

    private static final int HEADER_SIZE = 4;

    private final SoundDevice device;
    private final VirtQueue virtQueue;
    private final ItemQueries items;
    private final PcmCommands commands;
    private final ControlCommands controls;

    private @Nullable DescriptorChain unanswered;

    ControlQueue(SoundDevice device, VirtQueue virtQueue, boolean hasControls) {
        this.device = device;
        this.virtQueue = virtQueue;
        items = new ItemQueries(device, hasControls);
        commands = new PcmCommands(device);
        controls = new ControlCommands(device, hasControls);
    }

    /** A command was followed, or nobody is there any more who could. Any thread. */
    void wake() {
        virtQueue.wake();
    }

    // ── The owner's turn ───────────────────────────────────────────────────

    @Override
    public void service(VirtQueue queue) {
        settle();
        if (unanswered == null) {
            queue.drain(this);
        }
    }

    private void settle() {
        DescriptorChain chain = unanswered;
        if (chain != null && commands.isFollowed()) {
            unanswered = null;
            commands.settle();
            chain.unpark();
            reply(chain, SoundCode.OK);
        }
    }

    @Override
    public void handle(DescriptorChain chain) {
        if (unanswered != null) {
            chain.putBack();
            return;
        }
        if (chain.writer().length() < HEADER_SIZE) {
            throw new ChainFault("request has no room for its status: queue=" + virtQueue.name());
        }
        int status = serve(chain);
        if (status == SoundCode.OK && commands.isWaiting()) {
            chain.park();
            unanswered = chain;
            settle();
        } else {
            reply(chain, status);
        }
    }

    private int serve(DescriptorChain chain) {
        try {
            ChainWriter out = chain.writer();
            out.seek(HEADER_SIZE);
            int code = (int) chain.reader().readLe32();
            return switch (code) {
                case SoundCode.JACK_INFO, SoundCode.PCM_INFO, SoundCode.CHMAP_INFO, SoundCode.CTL_INFO ->
                    items.serve(code, chain.reader(), out);
                case SoundCode.JACK_REMAP -> remap(chain);
                case SoundCode.PCM_SET_PARAMS, SoundCode.PCM_PREPARE, SoundCode.PCM_RELEASE, SoundCode.PCM_START,
                        SoundCode.PCM_STOP -> commands.serve(code, chain.reader());
                case SoundCode.CTL_ENUM_ITEMS, SoundCode.CTL_READ, SoundCode.CTL_WRITE, SoundCode.CTL_TLV_READ,
                        SoundCode.CTL_TLV_WRITE, SoundCode.CTL_TLV_COMMAND ->
                    controls.serve(code, chain.reader(), out);
                default -> SoundCode.NOT_SUPP;
            };
        } catch (ChainFault e) {
            return SoundCode.BAD_MSG; // shorter than it has to be, or not in memory
        }
    }

    /** [VIRTIO_SND_R_JACK_REMAP] */
    private int remap(DescriptorChain chain) {
        long id = chain.reader().readLe32();
        long association = chain.reader().readLe32();
        long sequence = chain.reader().readLe32();
        if (id >= device.jacks().size()) {
            return SoundCode.BAD_MSG;
        }
        Jack jack = device.jacks().get((int) id);
        if (!jack.isRemappable()) {
            return SoundCode.NOT_SUPP;
        }
        return jack.remap(association, sequence) ? SoundCode.OK : SoundCode.BAD_MSG;
    }

    private void reply(DescriptorChain chain, int status) {
        ChainWriter out = chain.writer();
        boolean ok = status == SoundCode.OK;
        device.counts().count(ok ? SoundCounter.REQUESTS : SoundCounter.REQUEST_ERRORS, 1);
        long length = ok ? Math.max(HEADER_SIZE, out.position()) : HEADER_SIZE;
        out.seek(0);
        out.writeLe32(status);
        chain.complete(length);
    }

    /** The queue takes no more turns: what was not answered is forgotten, but done. */
    void stop() {
        if (unanswered != null) {
            unanswered = null;
            commands.abandon();
        }
    }
}
