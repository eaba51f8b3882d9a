// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi;

import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.queue.ChainWriter;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.core.queue.QueueHandler;
import io.virtio4j.scmi.protocol.MessageHeader;
import io.virtio4j.scmi.protocol.MessageWriter;
import io.virtio4j.scmi.protocol.ScmiChannel;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import io.virtio4j.scmi.protocol.ScmiStatus;
import java.lang.foreign.MemorySegment;

/**
 * The cmdq: a command in, its response out, in the same buffer. The header is returned as it came; nothing
 * is kept of a token. [cmdq Operation]
 */
final class CommandQueue implements QueueHandler {

    private static final int STATUS_SIZE = 4;

    private final ScmiChannel channel;
    private final MemorySegment parameters;
    private final MessageWriter results = new MessageWriter(ScmiPlatform.MOST_PAYLOAD);

    CommandQueue(ScmiChannel channel) {
        this.channel = channel;
        parameters = MemorySegment.ofArray(channel.parameters());
    }

    @Override
    public void handle(DescriptorChain chain) {
        ChainReader reader = chain.reader();
        ChainWriter writer = chain.writer();
        if (writer.length() < MessageHeader.SIZE + STATUS_SIZE) {
            throw new ChainFault("command without room for a response: queue=" + chain.queue().name()
                    + " room=" + writer.length());
        }
        results.clear(writer.length() - MessageHeader.SIZE - STATUS_SIZE);
        boolean whole = reader.length() >= MessageHeader.SIZE && !chain.hasUnmapped();
        int header = whole ? (int) reader.readLe32() : incompleteHeader(reader);
        ScmiStatus status = whole ? execute(header, reader) : ScmiStatus.PROTOCOL_ERROR;
        writer.writeLe32(header);
        writer.writeLe32(status.code());
        // > If the status field [...] has a value other than SUCCESS, the device MUST set the size of
        // > ret_values to the size of the status field.
        if (status == ScmiStatus.SUCCESS) {
            writer.write(MemorySegment.ofArray(results.array()), 0, results.length());
        }
        chain.complete();
        // The response comes before what it promised.
        chain.queue().publish();
        channel.answered();
    }

    private ScmiStatus execute(int header, ChainReader reader) {
        long length = reader.remaining();
        reader.read(parameters, 0, Math.min(length, ScmiPlatform.MOST_PAYLOAD));
        return channel.execute(header, length, results);
    }

    /** What there is of a header, as far as it can be read. */
    private static int incompleteHeader(ChainReader reader) {
        int header = 0;
        for (int i = 0; i < Math.min(reader.length(), MessageHeader.SIZE); i++) {
            header |= reader.readU8() << 8 * i;
        }
        return header;
    }
}
