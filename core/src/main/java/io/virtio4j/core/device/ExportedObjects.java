// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.core.device;

import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The objects that the devices of one machine have exported, by their UUIDs. Devices that are to exchange objects
 * are given the same registry. Safe for use by several threads. [Exporting Objects]
 */
public final class ExportedObjects {

    private final ConcurrentHashMap<UUID, ExportedObject> objects = new ConcurrentHashMap<>();

    /** Creates an empty registry. */
    public ExportedObjects() {}

    /**
     * Exports an object.
     *
     * @return a UUID that no other object has
     */
    public UUID export(ExportedObject object) {
        while (true) {
            // > It is RECOMMENDED that devices generate version 4 UUIDs [Exporting Objects]
            UUID uuid = UUID.randomUUID();
            if (objects.putIfAbsent(uuid, object) == null) {
                return uuid;
            }
        }
    }

    /**
     * Exports an object again, by the UUID that it had where it was saved.
     *
     * @return false if another object has it
     */
    public boolean export(UUID uuid, ExportedObject object) {
        ExportedObject before = objects.putIfAbsent(uuid, object);
        return before == null || before == object;
    }

    /** Ends an export; does nothing if the UUID is another object's by now. */
    public void withdraw(UUID uuid, ExportedObject object) {
        objects.remove(uuid, object);
    }

    /**
     * Imports an object.
     *
     * @return {@code null} if there is none of that UUID
     */
    public @Nullable ExportedObject find(UUID uuid) {
        return objects.get(uuid);
    }

    /** How many objects are exported. */
    public int count() {
        return objects.size();
    }
}
