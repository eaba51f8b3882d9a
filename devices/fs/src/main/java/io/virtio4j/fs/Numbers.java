// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Numbers for the driver: a place in the low half, and how often the place was used before in the high half, so that
 * a number of something that is gone never leads to something else. Looking one up takes no lock.
 */
final class Numbers<T extends Counted> {

    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(Counted[].class);

    private static final int FIRST_ROOM = 64;

    private final int limit;
    private volatile @Nullable Counted[] slots;
    private int[] generations;
    /** Of places that were never used. */
    private int firstGeneration;
    private int[] free;
    private int freeCount;
    private int used = 1; // place 0 is nobody's
    private int count;

    /**
     * Creates an empty table.
     *
     * @param limit how many there can be at once
     * @param before whose numbers are not to be given again, or {@code null}
     */
    Numbers(int limit, @Nullable Numbers<T> before) {
        this.limit = limit;
        slots = new Counted[FIRST_ROOM];
        generations = new int[FIRST_ROOM];
        if (before != null) {
            firstGeneration = next(before.newest());
            Arrays.fill(generations, firstGeneration);
        }
        free = new int[FIRST_ROOM];
    }

    /** Never negative: numbers are positive. */
    private static int next(int generation) {
        return generation + 1 & Integer.MAX_VALUE;
    }

    /** Gives a number; false if there are too many. */
    synchronized boolean add(T thing) {
        if (count >= limit) {
            return false;
        }
        int place = freeCount > 0 ? free[--freeCount] : used++;
        room(place);
        thing.id = (long) generations[place] << 32 | place;
        SLOT.setRelease(slots, place, thing);
        count++;
        return true;
    }

    /** Takes up a number that was given where the state was saved; false if that cannot be. */
    synchronized boolean restore(long id, T thing) {
        int place = (int) id;
        int generation = (int) (id >>> 32);
        if (place < 1 || place > limit + 1L || generation < 0 || count >= limit) {
            return false;
        }
        room(place);
        if (slots[place] != null) {
            return false;
        }
        generations[place] = generation;
        used = Math.max(used, place + 1);
        thing.id = id;
        SLOT.setRelease(slots, place, thing);
        count++;
        return true;
    }

    /** After the last restored one: no other number up to a generation was given or will be. */
    synchronized void restored(int newest) {
        freeCount = 0;
        used = slots.length;
        for (int place = used - 1; place > 0; place--) {
            if (slots[place] == null) {
                generations[place] = next(newest);
                freed(place);
            }
        }
        firstGeneration = next(newest);
    }

    /** The highest generation of any number that was given. */
    synchronized int newest() {
        int newest = 0;
        for (int generation : generations) {
            newest = Math.max(newest, generation);
        }
        return newest;
    }

    private void room(int place) {
        if (place >= slots.length) {
            int length = Math.max(place + 1, (int) Math.min(limit + 2L, slots.length * 2L));
            int before = generations.length;
            generations = Arrays.copyOf(generations, Math.max(length, before));
            Arrays.fill(generations, before, generations.length, firstGeneration);
            slots = Arrays.copyOf(slots, length);
        }
    }

    /** Takes the number back. */
    synchronized void remove(T thing) {
        int place = (int) thing.id;
        if (slots[place] == thing) {
            SLOT.setRelease(slots, place, null);
            generations[place] = next(generations[place]);
            freed(place);
            count--;
        }
    }

    private void freed(int place) {
        if (freeCount == free.length) {
            free = Arrays.copyOf(free, free.length * 2);
        }
        free[freeCount++] = place;
    }

    /** What has a number, in use from now on; {@code null} if there is none or it is just ending. */
    @SuppressWarnings("unchecked") // only such are put in
    @Nullable T acquire(long id) {
        @Nullable Counted[] all = slots;
        int place = (int) id;
        if (place <= 0 || place >= all.length) {
            return null;
        }
        Counted thing = (Counted) SLOT.getAcquire(all, place);
        return thing != null && thing.id == id && thing.acquire() ? (T) thing : null;
    }

    /** How many there are. */
    synchronized int count() {
        return count;
    }

    /** All there are now. */
    @SuppressWarnings("unchecked") // only such are put in
    synchronized List<T> all() {
        List<T> all = new ArrayList<>(count);
        for (Counted thing : slots) {
            if (thing != null) {
                all.add((T) thing);
            }
        }
        return all;
    }
}
