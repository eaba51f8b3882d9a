// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.virtio4j.core.device.CounterTable;
import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.queue.ChainWriter;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;

/**
 * The control queue: reads a command, lets it be done, and answers. A command that is not understood, too
 * short, or not negotiated is answered ERR and changes nothing. [Control Virtqueue]
 */
final class ControlQueue implements QueueHandler {

    private static final int OK = 0;
    private static final int ERR = 1;

    private final CounterTable<NetCounter> counters;
    private final ControlCommands commands;

    ControlQueue(NetDevice device, ControlState state) {
        counters = device.counts();
        commands = new ControlCommands(device, state);
    }

    @Override
    public void handle(DescriptorChain chain) {
        ChainReader reader = chain.reader();
        ChainWriter writer = chain.writer();
        if (writer.length() == 0) {
            throw new ChainFault("control command without room for ack: queue=" + chain.queue().name());
        }
        counters.countAlone(0, NetCounter.COMMANDS, 1);
        if (!execute(chain, reader, writer)) {
            // Only the answer counts, whatever was written of a result.
            writer.seek(0);
            writer.writeU8(ERR);
            chain.complete(1);
        }
    }

    /** Does a command and answers OK; or does nothing and returns false. */
    private boolean execute(DescriptorChain chain, ChainReader reader, ChainWriter writer) {
        try {
            int type = reader.readU8();
            int command = reader.readU8();
            // The result stands behind ack, which is written last.
            writer.skip(1);
            if (!commands.execute(type, command, reader, writer)) {
                return false;
            }
        } catch (ChainFault e) {
            return false;
        }
        long end = writer.position();
        counters.countAlone(0, NetCounter.COMMANDS_OK, 1);
        writer.seek(0);
        writer.writeU8(OK);
        writer.seek(end);
        commands.answered(chain);
        return true;
    }
}
