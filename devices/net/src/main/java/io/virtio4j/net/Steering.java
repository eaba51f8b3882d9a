// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.netty.buffer.ByteBuf;
import io.virtio4j.net.backend.NetPort;
import io.virtio4j.net.packet.PacketHash;
import io.virtio4j.net.packet.PacketHeaders;
import io.virtio4j.net.packet.Toeplitz;
import org.jspecify.annotations.Nullable;

/**
 * To which receive queue a packet goes, and with which hash. Immutable; any thread asks. [Device operation in
 * multiqueue mode]
 */
final class Steering {

    /** Of packets without a queue. */
    static final int NOWHERE = -1;

    private final int pairs;
    private final @Nullable RssConfig rss;
    private final int hashTypes;
    private final int tunnelTypes;
    private final @Nullable Toeplitz key;
    private final FlowTable flows;

    /**
     * How packets are steered from now on.
     *
     * @param pairs how many queue pairs may be used
     * @param rss the table, or {@code null} for automatic steering
     * @param hash over what to hash
     * @param hashing whether somebody wants the hash
     * @param tunnelTypes those whose inner headers are hashed
     */
    Steering(int pairs, @Nullable RssConfig rss, HashConfig hash, boolean hashing, int tunnelTypes,
            FlowTable flows) {
        this.pairs = pairs;
        this.rss = rss;
        this.hashTypes = hash.types();
        this.tunnelTypes = tunnelTypes;
        this.key = hashing && hash.types() != 0 ? new Toeplitz(hash.key()) : null;
        this.flows = flows;
    }

    /** What a thread needs to look at packets. */
    static final class Scratch {

        private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

        final PacketHeaders headers = new PacketHeaders();
        final PacketHash hash = new PacketHash();

        static Scratch ofThread() {
            return OF_THREAD.get();
        }
    }

    /** How many queue pairs may be used. */
    int pairs() {
        return pairs;
    }

    /** Whether {@link #hash} is worth being called. */
    boolean hashes() {
        return key != null;
    }

    /** Hashes a packet; the result is in the scratch. */
    void hash(ByteBuf packet, Scratch scratch) {
        Toeplitz function = key;
        if (function != null) {
            scratch.hash.calculate(packet, function, hashTypes, tunnelTypes);
        }
    }

    /** Whether packets that are transmitted say where the answers go. */
    boolean learns() {
        return rss == null && pairs > 1;
    }

    /** The driver transmitted a packet. */
    void learn(ByteBuf packet, PacketHeaders headers, int pair) {
        headers.parse(packet);
        flows.learn(FlowTable.flow(packet, headers), pair);
    }

    /** Whether another queue is as good as the chosen one. > re-select another random queue */
    boolean mayChooseAnother() {
        return rss == null;
    }

    /**
     * Chooses.
     *
     * @param wish the pair that the backend named, or {@link NetPort#NO_PAIR}
     * @param scratch holds the hash, if {@link #hashes}
     */
    int pair(ByteBuf packet, int wish, Scratch scratch) {
        RssConfig table = rss;
        if (table != null) {
            // > If the device did not calculate the hash for the specific packet, the device directs the
            // > packet to the receiveq specified by unclassified_queue [RSS processing]
            return key == null || scratch.hash.report() == PacketHash.NONE
                    ? table.unclassified() : table.pair(scratch.hash.value());
        }
        if (pairs == 1) {
            return 0;
        }
        if (wish >= 0 && wish < pairs) {
            return wish;
        }
        scratch.headers.parse(packet);
        int flow = FlowTable.flow(packet, scratch.headers);
        int known = flows.pair(flow);
        return known >= 0 && known < pairs ? known : Integer.remainderUnsigned(flow >>> 8, pairs);
    }
}
