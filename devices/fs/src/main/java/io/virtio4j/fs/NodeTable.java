// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.fs.Node.Place;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsMode;
import io.virtio4j.fs.backend.FsName;
import io.virtio4j.fs.backend.FsNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/** The files that the driver of a session knows, by number and by what they are. Any thread. */
final class NodeTable {

    /** {@code FUSE_ROOT_ID} */
    static final long ROOT = 1;

    private static final int DEEPEST = 4096;

    private final FsDevice device;
    private final Numbers<Node> numbers;
    private final ConcurrentMap<Object, Node> byIdentity = new ConcurrentHashMap<>();
    private final ConcurrentMap<Place, Node> byPlace = new ConcurrentHashMap<>();
    private final Node root;

    NodeTable(FsDevice device, FsNode rootFile, @Nullable NodeTable before) {
        this.device = device;
        numbers = new Numbers<>(device.options().maxNodes, before == null ? null : before.numbers);
        root = new Node(this, rootFile, FsMode.DIRECTORY);
        numbers.restore(ROOT, root);
        byIdentity.put(root.identity, root);
    }

    Node root() {
        return root;
    }

    int count() {
        return numbers.count();
    }

    List<Node> all() {
        return numbers.all();
    }

    /** The node of a number, in use from now on. */
    Node acquire(long id) throws FsException {
        Node node = numbers.acquire(id);
        if (node == null) {
            throw FsException.of(FsErrno.ESTALE);
        }
        return node;
    }

    /** The number of a file, if the driver knows it; 0 else. */
    long idOf(Object identity) {
        Node node = byIdentity.get(identity);
        return node == null ? 0 : node.id;
    }

    /** The driver learns of a file, which the backend handed out: counts a lookup. */
    Node lookedUp(FsNode found, int mode, @Nullable Place place) throws FsException {
        Node node = intern(found, mode, 0);
        node.lookedUp();
        if (place != null) {
            placed(node, place);
        }
        return node;
    }

    /** The driver learns once more of a file that it knows: counts a lookup. */
    void lookedUpAgain(Node node, Place place) {
        if (node.acquire()) {
            node.lookedUp();
            placed(node, place);
        }
    }

    /** One node for each file, in use from now on. */
    private Node intern(FsNode found, int mode, long id) throws FsException {
        Object identity = found.identity();
        while (true) {
            Node known = byIdentity.get(identity);
            if (known != null && known.acquire()) {
                releaseFile(found);
                return known;
            }
            Node fresh = new Node(this, found, mode);
            if (!(id == 0 ? numbers.add(fresh) : numbers.restore(id, fresh))) {
                releaseFile(found);
                throw FsException.of(FsErrno.ENFILE);
            }
            if (known == null ? byIdentity.putIfAbsent(identity, fresh) == null
                    : byIdentity.replace(identity, known, fresh)) {
                return fresh;
            }
            numbers.remove(fresh);
        }
    }

    private void placed(Node node, Place place) {
        if (node == root) {
            return;
        }
        Place before = node.place;
        if (!place.equals(before)) {
            if (before != null) {
                byPlace.remove(before, node);
            }
            node.place = place;
        }
        byPlace.put(place, node);
    }

    void renamed(Place from, Place to, boolean exchange) {
        Node moved = byPlace.remove(from);
        Node other = byPlace.remove(to);
        if (moved != null) {
            moved.place = to;
            byPlace.put(to, moved);
        }
        if (other != null) {
            other.place = exchange ? from : null;
            if (exchange) {
                byPlace.put(from, other);
            }
        }
    }

    void removed(Place place) {
        Node gone = byPlace.remove(place);
        if (gone != null) {
            gone.place = null;
        }
    }

    /** Names from the root to a node; {@code null} if it has none. */
    static @Nullable List<FsName> path(Node node, Node root) {
        Deque<FsName> names = new ArrayDeque<>();
        for (Node at = node; at != root; ) {
            Place place = at.place;
            if (place == null || names.size() > DEEPEST) {
                return null;
            }
            names.addFirst(place.name());
            at = place.parent();
        }
        return new ArrayList<>(names);
    }

    /** Takes up a node of a saved state, with its lookups; nothing if it has another number already. */
    @Nullable Node restore(long id, FsNode file, int mode, @Nullable Place place, long lookups) throws FsException {
        Node node = intern(file, mode, id);
        if (node.id != id || lookups < 1) {
            node.release();
            return null;
        }
        node.lookedUp(lookups);
        if (place != null) {
            placed(node, place);
        }
        return node;
    }

    void restored(int newest) {
        numbers.restored(newest);
    }

    int newest() {
        return numbers.newest();
    }

    void ended(Node node) {
        byIdentity.remove(node.identity, node);
        Place place = node.place;
        if (place != null) {
            byPlace.remove(place, node);
        }
        numbers.remove(node);
        releaseFile(node.file);
    }

    private void releaseFile(FsNode file) {
        try {
            file.release();
        } catch (RuntimeException e) {
            device.backendFailed(e);
        }
    }

    /** The driver has gone. */
    void forgetAll() {
        for (Node node : numbers.all()) {
            node.forget(Long.MAX_VALUE);
        }
    }

    /** Nobody asks for the root any more; once. */
    void close() {
        root.release();
    }
}
