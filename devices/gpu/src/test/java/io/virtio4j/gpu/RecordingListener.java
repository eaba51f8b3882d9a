// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

/** Writes down what it is told. */
final class RecordingListener implements ScanoutListener {

    private final StringBuilder told = new StringBuilder();

    @Override
    public synchronized void changed(Scanout scanout) {
        told.append(" size ").append(scanout.width()).append('x').append(scanout.height());
    }

    @Override
    public synchronized void damaged(Scanout scanout, int x, int y, int width, int height) {
        told.append(" damage ").append(x).append(',').append(y).append(' ').append(width).append('x').append(height);
    }

    /** What it was told since it was asked last. */
    synchronized String take() {
        String all = told.toString().stripLeading();
        told.setLength(0);
        return all;
    }
}
