// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.virtio4j.core.wire.StateWriter;
import java.nio.ByteBuffer;

/**
 * A rendering context of the driver's: takes a command stream, works on attached resources, and has objects that blobs
 * are made from. Methods are called one at a time, by the thread that serves the control queue, and are to be brief.
 * [Device Operation: controlq (3d)]
 */
public interface GpuContext extends AutoCloseable {

    /** The driver lets the context use a resource. */
    void attach(GpuResource resource);

    /** The driver takes a resource away; it may be destroyed then. */
    void detach(GpuResource resource);

    /**
     * Runs a command stream.
     *
     * @param commands little-endian, from position to limit; a copy that the driver cannot change, valid until the
     *     method returns
     * @return false if it was not understood; what was done before stays done
     */
    boolean submit(ByteBuffer commands);

    /**
     * Says whether a blob may be made from an object of the context's. It is filled with zeroes.
     *
     * @param blobId what the driver calls the object
     * @param size of the blob in bytes
     */
    boolean permitsBlob(long blobId, long size);

    /** Writes what {@link GpuContextType#restore} reads. Resources are attached again by the device. */
    void save(StateWriter out);

    /** The driver destroyed it, or the device was reset. Resources need not be detached before. */
    @Override
    void close();
}
