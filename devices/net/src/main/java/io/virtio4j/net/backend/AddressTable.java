// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.net.backend;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Behind which port a station of a VLAN is: learned, forgotten when it is silent, bounded. Looked up by any
 * thread without a lock; a change takes one, and changes are rare.
 *
 * <p>A station hashes to a set of a few places, and is not learned if all are taken by others that live.
 * Nor if its port has its share already: who invents stations fills his own share and nobody else's.
 */
final class AddressTable {

    /** Nobody knows. */
    static final int UNKNOWN = -1;

    private static final int WAYS = 8;
    private static final long FREE = 0;

    private final int sets;
    private final int share;
    private final long lifetime;
    private final long seed = ThreadLocalRandom.current().nextLong();

    /** VLAN and address, never {@link #FREE}. */
    private final AtomicLongArray stations;
    private final AtomicIntegerArray ports;
    private final AtomicLongArray heard;
    /** Odd while an entry changes its station. */
    private final AtomicInteger version = new AtomicInteger();
    private final int[] learned;
    private long swept;

    /**
     * Creates an empty table.
     *
     * @param capacity of all ports; a power of two, at least 8
     * @param share of one port
     * @param lifetime after which a silent station is forgotten, in nanoseconds
     */
    AddressTable(int capacity, int ports, int share, long lifetime) {
        this.sets = capacity / WAYS;
        this.share = share;
        this.lifetime = lifetime;
        this.stations = new AtomicLongArray(capacity);
        this.ports = new AtomicIntegerArray(capacity);
        this.heard = new AtomicLongArray(capacity);
        this.learned = new int[ports];
    }

    private static long station(int vlan, long address) {
        return (long) vlan << 48 | address; // VLANs start at 1
    }

    private int set(long station) {
        long mixed = (station ^ seed) * 0x9E37_79B9_7F4A_7C15L;
        mixed ^= mixed >>> 32;
        mixed *= 0xD6E8_FEB8_6659_FD93L;
        return (int) (mixed >>> 40) & sets - 1;
    }

    private int find(long station) {
        int first = set(station) * WAYS;
        for (int i = first; i < first + WAYS; i++) {
            if (stations.getAcquire(i) == station) {
                return i;
            }
        }
        return UNKNOWN;
    }

    /** The port behind which a station is, or {@link #UNKNOWN}. */
    int port(int vlan, long address, long now) {
        long station = station(vlan, address);
        while (true) {
            int before = version.getAcquire();
            int place = find(station);
            int port = place == UNKNOWN || now - heard.getAcquire(place) > lifetime
                    ? UNKNOWN : ports.getAcquire(place);
            if ((before & 1) == 0 && version.get() == before) {
                return port;
            }
            Thread.onSpinWait();
        }
    }

    /** Notes that a station sent something. */
    void learn(int vlan, long address, int port, long now) {
        long station = station(vlan, address);
        int place = find(station);
        if (place != UNKNOWN && ports.getAcquire(place) == port) {
            // The clock of an entry is not moved for each frame. If the entry has become another station's
            // meanwhile, that one lives a little longer.
            if (now - heard.getAcquire(place) > lifetime / 16) {
                heard.setRelease(place, now);
            }
            return;
        }
        change(station, port, now);
    }

    private synchronized void change(long station, int port, long now) {
        int place = find(station);
        if (place == UNKNOWN) {
            if (learned[port] >= share && now - swept > lifetime / 16) {
                sweep(now);
            }
            place = vacancy(station, now);
        }
        boolean own = place != UNKNOWN && stations.get(place) != FREE && ports.get(place) == port;
        if (place == UNKNOWN || !own && learned[port] >= share) {
            return;
        }
        version.incrementAndGet();
        if (stations.get(place) != FREE) {
            learned[ports.get(place)]--;
        }
        learned[port]++;
        stations.set(place, station);
        ports.set(place, port);
        heard.set(place, now);
        version.incrementAndGet();
    }

    /** Gives the shares back that silent stations took. */
    private void sweep(long now) {
        swept = now;
        version.incrementAndGet();
        for (int i = 0; i < stations.length(); i++) {
            if (stations.get(i) != FREE && now - heard.get(i) > lifetime) {
                learned[ports.get(i)]--;
                stations.set(i, FREE);
            }
        }
        version.incrementAndGet();
    }

    private int vacancy(long station, long now) {
        int first = set(station) * WAYS;
        for (int i = first; i < first + WAYS; i++) {
            if (stations.get(i) == FREE || now - heard.get(i) > lifetime) {
                return i;
            }
        }
        return UNKNOWN;
    }

    /** Forgets all stations of a port. */
    synchronized void forget(int port) {
        version.incrementAndGet();
        for (int i = 0; i < stations.length(); i++) {
            if (stations.get(i) != FREE && ports.get(i) == port) {
                stations.set(i, FREE);
            }
        }
        learned[port] = 0;
        version.incrementAndGet();
    }

    /** How many stations are known, the silent ones included. */
    synchronized int size() {
        int size = 0;
        for (int count : learned) {
            size += count;
        }
        return size;
    }
}
