// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.memory;

/**
 * Translates bus addresses to guest-physical ones and grants access: the platform's IOMMU, for a
 * device that offers ACCESS_PLATFORM. [Reserved Feature Bits]
 *
 * <p>Called by every thread that drains a queue, so implementations are safe for use by several
 * threads and do not block. After a translation was taken back, call
 * {@link GuestMemory#invalidateTranslations()}.
 */
@FunctionalInterface
public interface AddressTranslator {

    /**
     * Translates the start of a range.
     *
     * @param address the bus address, unsigned
     * @param length how many bytes the device wants from there; at least 1, at most 2^32 - 1
     * @param write whether the device will write
     * @param result takes the guest-physical address and how many bytes from there are contiguous
     * @return whether the platform grants the access to the first byte; if so, {@code result} is set
     */
    boolean translate(long address, long length, boolean write, Translation result);

    /** A translated range; filled in by {@link AddressTranslator#translate}. */
    final class Translation {

        private long physicalAddress;
        private long length;

        /** Creates an empty one, to be used again and again by one thread. */
        public Translation() {}

        /**
         * Sets the outcome.
         *
         * @param physicalAddress where the range starts in guest-physical memory
         * @param length how many bytes are contiguous from there; positive
         */
        public void set(long physicalAddress, long length) {
            this.physicalAddress = physicalAddress;
            this.length = length;
        }

        /** Where the range starts in guest-physical memory. */
        public long physicalAddress() {
            return physicalAddress;
        }

        /** How many bytes are contiguous. */
        public long length() {
            return length;
        }
    }
}
