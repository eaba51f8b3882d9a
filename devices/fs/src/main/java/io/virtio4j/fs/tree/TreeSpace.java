// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs.tree;

import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;

/** How much a tree may take: pages of data, and files. Any thread. */
final class TreeSpace {

    final long pages;
    final long files;
    private long usedPages;
    private long usedFiles;

    TreeSpace(long pages, long files) {
        this.pages = pages;
        this.files = files;
    }

    synchronized void take(long count) throws FsException {
        if (count > pages - usedPages) {
            throw FsException.of(FsErrno.ENOSPC);
        }
        usedPages += count;
    }

    synchronized void giveBack(long count) {
        usedPages -= count;
    }

    synchronized void takeFile() throws FsException {
        if (usedFiles >= files) {
            throw FsException.of(FsErrno.ENOSPC);
        }
        usedFiles++;
    }

    synchronized void giveFileBack() {
        usedFiles--;
    }

    synchronized long freePages() {
        return pages - usedPages;
    }

    synchronized long freeFiles() {
        return files - usedFiles;
    }
}
