// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.linux;

import org.jspecify.annotations.Nullable;

/**
 * The files that have a descriptor and can be found again without it, in the order in which they got it. Who needs a
 * descriptor takes that of the oldest which was not used since it was looked at last. Files without a name come last:
 * they are gone when nobody holds them. Any thread.
 */
final class RecentFiles {

    /** Files in a row, each of which knows its neighbors. */
    static final class Row {

        private @Nullable KnownFile oldest;
        private @Nullable KnownFile newest;
        private int count;

        private void add(KnownFile file) {
            file.row = this;
            file.older = newest;
            if (newest == null) {
                oldest = file;
            } else {
                newest.newer = file;
            }
            newest = file;
            count++;
        }

        private void remove(KnownFile file) {
            KnownFile older = file.older;
            KnownFile newer = file.newer;
            if (older == null) {
                oldest = newer;
            } else {
                older.newer = newer;
            }
            if (newer == null) {
                newest = older;
            } else {
                newer.older = older;
            }
            file.row = null;
            file.older = null;
            file.newer = null;
            count--;
        }
    }

    private final Row named = new Row();
    private final Row nameless = new Row();

    /** Puts a file in, unless it is in or cannot be found again. */
    synchronized void add(KnownFile file) {
        if (file.row == null && file.canBeFoundAgain()) {
            named.add(file);
        }
    }

    /** Takes a file out, if it is in. */
    synchronized void remove(KnownFile file) {
        Row row = file.row;
        if (row != null) {
            row.remove(file);
        }
    }

    /** Gives one descriptor up; false if all are in use. */
    synchronized boolean giveUpOne() {
        return giveUpOne(named) || giveUpOne(nameless);
    }

    private boolean giveUpOne(Row row) {
        // Twice around: what was used only since then is looked at once more.
        for (int attempts = 2 * row.count; attempts > 0; attempts--) {
            KnownFile file = row.oldest;
            if (file == null) {
                return false;
            }
            row.remove(file);
            switch (file.giveUp(row == nameless)) {
                case GIVEN_UP -> {
                    return true;
                }
                case IN_USE -> row.add(file);
                case WITHOUT_NAME -> nameless.add(file);
                case NOT_POSSIBLE -> { }
            }
        }
        return false;
    }
}
