// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.platform;

import io.virtio4j.scmi.protocol.MessageWriter;
import io.virtio4j.scmi.protocol.ScmiCall;
import io.virtio4j.scmi.protocol.ScmiCommand;
import io.virtio4j.scmi.protocol.ScmiPlatform;
import io.virtio4j.scmi.protocol.ScmiStatus;
import java.util.Iterator;
import java.util.List;

/**
 * The domains of a protocol, and what all such protocols do with them.
 *
 * @param <T> what they are
 */
final class DomainList<T extends SimulatedDomain> implements Iterable<T> {

    /**
     * What a command does with a domain.
     *
     * @param <T> what it is
     */
    interface Work<T> {
        ScmiStatus run(ScmiCall call, T domain);
    }

    /** Writes some entries of a list. */
    interface Part {
        void write(int from, int count, int remaining);
    }

    private static final int MOST = 0xFFFF;

    private final List<T> domains;

    DomainList(List<T> domains) {
        if (domains.size() > MOST) {
            throw new IllegalArgumentException("a protocol has at most 65535 domains: count=" + domains.size());
        }
        this.domains = List.copyOf(domains);
    }

    void attach(ScmiPlatform platform) {
        for (int i = 0; i < domains.size(); i++) {
            domains.get(i).attach(platform, i);
        }
    }

    int size() {
        return domains.size();
    }

    T get(int index) {
        return domains.get(index);
    }

    @Override
    public Iterator<T> iterator() {
        return domains.iterator();
    }

    // ── Commands ───────────────────────────────────────────────────────────

    /** A command that tells what a domain is; its first parameter is the domain. */
    ScmiCommand describing(int message, String name, int parameters, Work<T> work) {
        return ScmiCommand.of(message, name, parameters, call -> describe(call, work));
    }

    /** A command that uses a domain, which the agent has to be permitted; its first parameter is the domain. */
    ScmiCommand using(int message, String name, int parameters, Work<T> work) {
        return ScmiCommand.of(message, name, parameters, call -> use(call, work));
    }

    /** The command that tells the name that is too long for the attributes. */
    ScmiCommand naming(int message, String name) {
        return describing(message, name, 4, (call, domain) -> {
            call.results().le32(0).name(domain.name(), MessageWriter.LONG_NAME);
            return ScmiStatus.SUCCESS;
        });
    }

    ScmiStatus describe(ScmiCall call, Work<T> work) {
        int index = call.readIndex(domains.size());
        return index < 0 ? ScmiStatus.NOT_FOUND : work.run(call, domains.get(index));
    }

    ScmiStatus use(ScmiCall call, Work<T> work) {
        int index = call.readIndex(domains.size());
        if (index < 0) {
            return ScmiStatus.NOT_FOUND;
        }
        return call.isDenied(index) ? ScmiStatus.DENIED : work.run(call, domains.get(index));
    }

    // ── Lists in parts ─────────────────────────────────────────────────────

    /**
     * Answers with as many entries of a list as fit.
     *
     * @param skip how many entries the agent has
     * @param total how many there are
     * @param before the bytes before the entries
     * @param entry the bytes of an entry
     */
    static ScmiStatus answer(ScmiCall call, long skip, int total, int before, int entry, Part part) {
        if (skip > total || skip == total && total > 0) {
            return ScmiStatus.OUT_OF_RANGE;
        }
        int left = total - (int) skip;
        int count = Math.min(left, call.fitting(before, entry));
        if (count == 0 && left > 0) {
            return ScmiStatus.PROTOCOL_ERROR;
        }
        part.write((int) skip, count, left - count);
        return ScmiStatus.SUCCESS;
    }
}
