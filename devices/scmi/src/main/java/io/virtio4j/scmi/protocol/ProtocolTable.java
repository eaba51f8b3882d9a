// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Protocols and their commands, by id. */
final class ProtocolTable {

    private static final int IDS = 256;

    private final List<ScmiProtocol> all;
    private final @Nullable ScmiProtocol[] protocols = new ScmiProtocol[IDS];
    private final @Nullable ScmiCommand[][] commands = new ScmiCommand[IDS][];

    ProtocolTable(BaseProtocol base, List<ScmiProtocol> others) {
        List<ScmiProtocol> sorted = new ArrayList<>(others);
        sorted.sort(Comparator.comparingInt(ScmiProtocol::id));
        sorted.addFirst(base);
        all = List.copyOf(sorted);
        all.forEach(this::add);
    }

    private void add(ScmiProtocol protocol) {
        int id = protocol.id();
        if (id < BaseProtocol.ID || id >= IDS || protocols[id] != null) {
            throw new IllegalArgumentException("a protocol needs an id of its own, 0x11 to 0xff: protocol=0x"
                    + Integer.toHexString(id));
        }
        @Nullable ScmiCommand[] table = new ScmiCommand[IDS];
        for (ScmiCommand command : protocol.commands()) {
            if (table[command.message()] != null) {
                throw new IllegalArgumentException("a message id has two commands: protocol=0x"
                        + Integer.toHexString(id) + " message=" + command.message());
            }
            if (command.most() > ScmiPlatform.MOST_PAYLOAD) {
                throw new IllegalArgumentException("a command has more parameters than fit: protocol=0x"
                        + Integer.toHexString(id) + " command=" + command.name() + " bytes=" + command.most()
                        + " most=" + ScmiPlatform.MOST_PAYLOAD);
            }
            table[command.message()] = command;
        }
        protocols[id] = protocol;
        commands[id] = table;
    }

    /** The base protocol, then the others by id. */
    List<ScmiProtocol> all() {
        return all;
    }

    @Nullable ScmiProtocol protocol(int id) {
        return protocols[id];
    }

    /** A command of a protocol; {@code null} if there is none, or none without notifications. */
    @Nullable ScmiCommand command(int protocol, int message, boolean hasEvents) {
        @Nullable ScmiCommand[] table = commands[protocol];
        ScmiCommand command = table == null ? null : table[message];
        return command == null || command.requestsNotifications() && !hasEvents ? null : command;
    }

    @Override
    public String toString() {
        return all.stream().map(protocol -> "0x" + Integer.toHexString(protocol.id()))
                .collect(Collectors.joining(","));
    }
}
