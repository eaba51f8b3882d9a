// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpio.linux;

import io.virtio4j.host.linux.FileDescriptor;
import io.virtio4j.host.linux.GpioChip;
import io.virtio4j.host.linux.GpioLine;
import java.io.IOException;

/** A controller of the host: what the backend needs of {@link GpioChip}. */
interface HostChip {

    String name(int line) throws IOException;

    HostLine request(int line, long flags, boolean high) throws IOException;

    void close();

    /** A real one. */
    static HostChip of(GpioChip chip, String consumer) {
        return new HostChip() {
            @Override
            public String name(int line) throws IOException {
                return chip.info(line).name();
            }

            @Override
            public HostLine request(int line, long flags, boolean high) throws IOException {
                return of(chip.request(line, consumer, flags, high));
            }

            @Override
            public void close() {
                chip.close();
            }

            @Override
            public String toString() {
                return chip.toString();
            }
        };
    }

    private static HostLine of(GpioLine line) {
        return new HostLine() {
            @Override
            public void configure(long flags, boolean high) throws IOException {
                line.configure(flags, high);
            }

            @Override
            public boolean isHigh() throws IOException {
                return line.isHigh();
            }

            @Override
            public void set(boolean high) throws IOException {
                line.set(high);
            }

            @Override
            public FileDescriptor descriptor() {
                return line.descriptor();
            }

            @Override
            public GpioLine.Edge readEdge() throws IOException {
                return line.readEdge();
            }

            @Override
            public void close() {
                line.close();
            }
        };
    }
}
