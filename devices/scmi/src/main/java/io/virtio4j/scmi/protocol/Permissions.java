// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.scmi.protocol;

import io.virtio4j.core.wire.StateException;
import io.virtio4j.core.wire.StateReader;
import io.virtio4j.core.wire.StateWriter;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which agent may use which device. A device is a set of resources; what is in no device, everybody may
 * use. [DEN0056: BASE_SET_DEVICE_PERMISSIONS]
 */
final class Permissions {

    private static final int ALL_PROTOCOLS = 0;

    /** What is denied. Bounded: by agents, devices and protocols that exist. */
    private record Denial(int agent, int device, int protocol) {}

    private final Map<Integer, Set<ScmiResource>> devices = new LinkedHashMap<>();
    private final Set<Denial> denials = new HashSet<>();

    void addDevice(int id, List<ScmiResource> resources) {
        if (devices.putIfAbsent(id, Set.copyOf(resources)) != null) {
            throw new IllegalArgumentException("two devices have the same id: device=" + id);
        }
    }

    boolean hasDevice(long id) {
        return id <= Integer.MAX_VALUE && devices.containsKey((int) id);
    }

    boolean permits(int agent, int protocol, int index) {
        ScmiResource resource = new ScmiResource(protocol, index);
        boolean belongs = false;
        for (Map.Entry<Integer, Set<ScmiResource>> device : devices.entrySet()) {
            if (device.getValue().contains(resource)) {
                belongs = true;
                if (!denials.contains(new Denial(agent, device.getKey(), ALL_PROTOCOLS))
                        && !denials.contains(new Denial(agent, device.getKey(), protocol))) {
                    return true;
                }
            }
        }
        return !belongs;
    }

    void set(int agent, int device, boolean allowed) {
        denials.removeIf(denial -> denial.agent == agent && denial.device == device);
        if (!allowed) {
            denials.add(new Denial(agent, device, ALL_PROTOCOLS));
        }
    }

    void set(int agent, int device, int protocol, boolean allowed) {
        Denial denial = new Denial(agent, device, protocol);
        if (allowed) {
            denials.remove(denial);
        } else {
            denials.add(denial);
        }
    }

    void reset(int agent) {
        denials.removeIf(denial -> denial.agent == agent);
    }

    void save(int agent, StateWriter out) {
        List<Denial> own = denials.stream().filter(denial -> denial.agent == agent).toList();
        out.le16(own.size());
        own.forEach(denial -> out.le32(denial.device).u8(denial.protocol));
    }

    Runnable restore(int agent, StateReader in) {
        Set<Denial> saved = new HashSet<>();
        for (int left = in.le16(); left > 0; left--) {
            long device = in.le32();
            int protocol = in.u8();
            if (!hasDevice(device)) {
                throw new StateException("saved permission is for no device: device=" + device);
            }
            saved.add(new Denial(agent, (int) device, protocol));
        }
        return () -> {
            reset(agent);
            denials.addAll(saved);
        };
    }
}
