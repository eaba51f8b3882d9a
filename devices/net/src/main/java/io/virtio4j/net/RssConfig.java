// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net;

import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import org.jspecify.annotations.Nullable;

/**
 * {@code struct virtio_net_rss_config}, checked. [Setting RSS parameters]
 *
 * @param hash over what packets are hashed, and how
 * @param unclassified the queue pair of packets without a hash
 * @param table the queue pairs of the others; a power of two of them
 * @param maxTxVq how many transmit queues the driver may use
 */
record RssConfig(HashConfig hash, int unclassified, int[] table, int maxTxVq) {

    /** {@code rss_max_indirection_table_length}. > at least 128 [Device configuration layout] */
    static final int MAX_TABLE = 128;

    private static final int ID_BITS = 0x7FFF;

    /**
     * Reads the structure.
     *
     * @param pairs how many queue pairs there are
     * @param hashTypes those that the device supports
     * @return {@code null} if something in it cannot be
     */
    static @Nullable RssConfig read(ChainReader in, int pairs, int hashTypes) {
        long types = in.readLe32();
        int mask = in.readLe16();
        int unclassified = in.readLe16();
        int length = mask + 1;
        if (length > MAX_TABLE || Integer.bitCount(length) != 1) {
            return null;
        }
        int[] table = new int[length];
        for (int i = 0; i < length; i++) {
            table[i] = in.readLe16();
        }
        int maxTxVq = in.readLe16();
        byte @Nullable [] key = HashConfig.readKey(in);
        return key == null ? null : checked(types, unclassified, table, maxTxVq, key, pairs, hashTypes);
    }

    private static @Nullable RssConfig checked(
            long types, int unclassified, int[] table, int maxTxVq, byte[] key, int pairs, int hashTypes) {
        boolean fits = (types & ~hashTypes) == 0 && isQueue(unclassified, pairs)
                && maxTxVq >= 1 && maxTxVq <= pairs;
        for (int id : table) {
            fits &= isQueue(id, pairs);
        }
        return fits ? new RssConfig(new HashConfig((int) types, key), unclassified, table, maxTxVq) : null;
    }

    /** Whether a {@code struct rss_rq_id} is that of a receive queue. */
    private static boolean isQueue(int id, int pairs) {
        return (id & ~ID_BITS) == 0 && id < pairs;
    }

    /** The queue pair that a hash leads to. */
    int pair(int hash) {
        return table[hash & table.length - 1];
    }

    /** How many queue pairs the driver may use: those that it receives from, and those that it transmits on. */
    int pairs() {
        int last = Math.max(maxTxVq - 1, unclassified);
        for (int pair : table) {
            last = Math.max(last, pair);
        }
        return last + 1;
    }

    void save(StateWriter out) {
        hash.save(out);
        out.le16(unclassified).le16(table.length);
        for (int pair : table) {
            out.le16(pair);
        }
        out.le16(maxTxVq);
    }

    static @Nullable RssConfig restore(StateReader in, int pairs, int hashTypes) {
        long types = in.le32();
        byte[] key = in.bytes();
        int unclassified = in.le16();
        int length = in.le16();
        if (length < 1 || length > MAX_TABLE || Integer.bitCount(length) != 1 || key.length > HashConfig.MAX_KEY) {
            return null;
        }
        int[] table = new int[length];
        for (int i = 0; i < length; i++) {
            table[i] = in.le16();
        }
        return checked(types, unclassified, table, in.le16(), key, pairs, hashTypes);
    }
}
