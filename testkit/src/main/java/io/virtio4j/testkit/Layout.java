// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit;

import io.virtio4j.core.queue.RingFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * How a driver cuts a buffer into descriptors. A device must not notice the difference. [Message Framing]
 */
public abstract class Layout {

    /** The first 16 readable and the last writable byte for themselves, the rest in pages. */
    public static final Layout AS_LINUX = new Layout("as Linux") {
        @Override
        List<Integer> cut(int length, boolean writable, int most) {
            int first = writable ? 0 : Math.min(16, length);
            int last = writable ? Math.min(1, length) : 0;
            List<Integer> sizes = new ArrayList<>();
            add(sizes, first);
            int rest = length - first - last;
            int page = Math.max(4096, rest / Math.max(1, most - 2) + 1);
            for (; rest > 0; rest -= page) {
                add(sizes, Math.min(page, rest));
            }
            add(sizes, last);
            return sizes;
        }
    };

    /** A descriptor for each byte, from both ends inwards as far as there are descriptors. */
    public static final Layout BYTE_BY_BYTE = new Layout("byte by byte") {
        @Override
        List<Integer> cut(int length, boolean writable, int most) {
            int singles = length <= most ? length : most - 1;
            int before = (singles + 1) / 2;
            List<Integer> sizes = new ArrayList<>();
            for (int i = 0; i < before; i++) {
                sizes.add(1);
            }
            add(sizes, length - singles);
            for (int i = before; i < singles; i++) {
                sizes.add(1);
            }
            return sizes;
        }
    };

    /** One descriptor for all readable bytes and one for all writable ones. */
    public static final Layout WHOLE = new Layout("whole") {
        @Override
        List<Integer> cut(int length, boolean writable, int most) {
            return length == 0 ? List.of() : List.of(length);
        }
    };

    /** As Linux cuts, in an indirect table. Needs INDIRECT_DESC. */
    public static final Layout INDIRECT = new Layout("indirect") {
        @Override
        int direct(int descriptors, boolean indirect, RingFormat format) {
            if (!indirect) {
                throw new IllegalStateException("indirect descriptors need INDIRECT_DESC: negotiate it");
            }
            return 0;
        }

        @Override
        List<Integer> cut(int length, boolean writable, int most) {
            return AS_LINUX.cut(length, writable, most);
        }
    };

    private final String name;

    Layout(String name) {
        this.name = name;
    }

    /** The four layouts under which every device is tested. */
    public static List<Layout> all() {
        return List.of(AS_LINUX, BYTE_BY_BYTE, WHOLE, INDIRECT);
    }

    /**
     * Cuts anywhere, now and then with an empty descriptor, now and then into an indirect table; the same
     * for the same seed.
     */
    public static Layout random(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return new Layout("random seed=" + seed) {
            @Override
            int direct(int descriptors, boolean indirect, RingFormat format) {
                if (!indirect || random.nextBoolean()) {
                    return descriptors;
                }
                return format == RingFormat.SPLIT ? random.nextInt(descriptors) : 0;
            }

            @Override
            List<Integer> cut(int length, boolean writable, int most) {
                int cuts = random.nextInt(Math.max(1, Math.min(most, 8)));
                List<Integer> sizes = new ArrayList<>();
                int rest = length;
                for (int i = 0; i < cuts; i++) {
                    int size = random.nextInt(rest + 1);
                    sizes.add(size);
                    rest -= size;
                }
                add(sizes, rest);
                return sizes;
            }
        };
    }

    /**
     * How many descriptors stand in the ring; the rest goes to an indirect table.
     *
     * @param descriptors at least 1
     * @param indirect whether INDIRECT_DESC was negotiated
     */
    int direct(int descriptors, boolean indirect, RingFormat format) {
        return descriptors;
    }

    /** The sizes of the descriptors for so many bytes of one direction; at most {@code most}. */
    final List<Integer> pieces(int length, boolean writable, int most) {
        List<Integer> sizes = cut(length, writable, most);
        while (sizes.size() > most) {
            int last = sizes.removeLast();
            sizes.add(sizes.removeLast() + last);
        }
        return sizes;
    }

    /** Cuts; {@code most} is a wish. */
    abstract List<Integer> cut(int length, boolean writable, int most);

    private static void add(List<Integer> sizes, int size) {
        if (size > 0) {
            sizes.add(size);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
