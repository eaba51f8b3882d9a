// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

/**
 * How the numbers of users, or of groups, of the guest are those of the backend. Any thread calls; nothing blocks or
 * allocates.
 */
public interface IdMap {

    /** No number. */
    long NONE = 0xFFFF_FFFFL;

    /** What {@code toGuest} gives where there is no number: "nobody". */
    long OVERFLOW = 65534;

    /** The backend's number of a guest's, or {@link #NONE}. */
    long toBackend(long guest);

    /** The guest's number of a backend's; {@link #OVERFLOW} for those without. */
    long toGuest(long backend);

    /** Both are the same. */
    IdMap IDENTITY = new IdMap() {
        @Override
        public long toBackend(long guest) {
            return guest;
        }

        @Override
        public long toGuest(long backend) {
            return backend;
        }

        @Override
        public String toString() {
            return "identity";
        }
    };

    /**
     * Whoever the guest says it is, the backend sees one number, and whosever something is there, the guest sees one.
     *
     * @param backend what the backend sees, 0 to 2^32 - 2
     * @param guest what the guest sees, 0 to 2^32 - 2
     */
    static IdMap all(long backend, long guest) {
        return new IdMap() {
            @Override
            public long toBackend(long id) {
                return id == NONE ? NONE : backend;
            }

            @Override
            public long toGuest(long id) {
                return guest;
            }
        };
    }

    /**
     * A range of numbers is another range of the backend's; all others are none.
     *
     * @param guest the first number of the guest
     * @param backend the first number of the backend
     * @param count how many
     */
    static IdMap range(long guest, long backend, long count) {
        if (guest < 0 || backend < 0 || count < 1 || guest + count > NONE || backend + count > NONE) {
            throw new IllegalArgumentException("ids are 0 to 2^32 - 2: guest=" + guest + " backend=" + backend
                    + " count=" + count);
        }
        return new IdMap() {
            @Override
            public long toBackend(long id) {
                return id >= guest && id - guest < count ? id - guest + backend : NONE;
            }

            @Override
            public long toGuest(long id) {
                return id >= backend && id - backend < count ? id - backend + guest : OVERFLOW;
            }
        };
    }
}
