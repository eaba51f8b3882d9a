// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.gpu;

import io.netty.util.collection.IntObjectHashMap;
import java.util.Collection;

/** A context of the driver's, and which resources are attached to it. Guarded by the adapter's lock. */
final class Context implements AutoCloseable {

    private final int id;
    private final int type;
    private final String debugName;
    private final GpuContext context;
    private final IntObjectHashMap<Resource> attached = new IntObjectHashMap<>();

    /**
     * Creates one.
     *
     * @param type its place among the device's types
     */
    Context(int id, int type, String debugName, GpuContext context) {
        this.id = id;
        this.type = type;
        this.debugName = debugName;
        this.context = context;
    }

    int id() {
        return id;
    }

    int type() {
        return type;
    }

    String debugName() {
        return debugName;
    }

    GpuContext context() {
        return context;
    }

    Collection<Resource> attached() {
        return attached.values();
    }

    void attach(Resource resource) {
        if (attached.put(resource.id(), resource) == null) {
            context.attach(resource);
        }
    }

    /** Says whether it was attached. */
    boolean detach(Resource resource) {
        if (attached.remove(resource.id()) == null) {
            return false;
        }
        context.detach(resource);
        return true;
    }

    @Override
    public void close() {
        attached.clear();
        context.close();
    }
}
