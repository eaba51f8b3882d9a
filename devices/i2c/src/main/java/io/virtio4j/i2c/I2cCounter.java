// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.i2c;

import io.virtio4j.core.device.Counter;

/** What an I2C adapter counts; the label says what. */
public enum I2cCounter implements Counter {
    /** Transactions that were run. */
    TRANSACTIONS("transactions"),
    /** Read requests answered OK, those of length 0 included. */
    READS("reads answered OK"),
    /** Bytes of those. */
    READ_BYTES("bytes read"),
    /** Write requests answered OK, those of length 0 included. */
    WRITES("writes answered OK"),
    /** Bytes of those. */
    WRITTEN_BYTES("bytes written"),
    /** Requests answered ERR, whatever the reason. */
    ERRORS("requests answered ERR"),
    /** Of those: not as a driver has to send them, or longer than the device takes. */
    INVALID("requests that are invalid or too long"),
    /** Of those: not attempted, because one before in their group failed. */
    NOT_ATTEMPTED("requests failed by one before in their group"),
    /** Transactions that ended because nothing acknowledged an address. */
    ADDRESS_NACKS("addresses not acknowledged"),
    /** Transactions that ended because a byte was not acknowledged. */
    DATA_NACKS("bytes not acknowledged"),
    /** Transactions that ended because another controller had the bus. */
    ARBITRATION_LOST("arbitrations lost"),
    /** Transactions that ended because the bus did not become free. */
    BUS_STUCK("transactions on a stuck bus"),
    /** Transactions that ended with any other error of the bus. */
    BUS_ERRORS("errors of the bus"),
    /** Transactions that were given up, because the bus took too long. */
    TIMEOUTS("transactions given up"),
    /** Parts of groups that were run alone, because the rest did not come in time. */
    GROUPS_CUT("parts of groups run alone");

    private final String label;

    I2cCounter(String label) {
        this.label = label;
    }

    @Override
    public String label() {
        return label;
    }

    /** What counts a failure; TRANSACTIONS for none. */
    static I2cCounter of(I2cOutcome outcome) {
        return switch (outcome) {
            case OK -> TRANSACTIONS;
            case ADDRESS_NACK -> ADDRESS_NACKS;
            case DATA_NACK -> DATA_NACKS;
            case ARBITRATION_LOST -> ARBITRATION_LOST;
            case BUS_STUCK -> BUS_STUCK;
            case UNSUPPORTED, FAILED -> BUS_ERRORS;
        };
    }
}
