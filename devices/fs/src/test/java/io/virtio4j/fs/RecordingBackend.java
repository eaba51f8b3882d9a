// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.fs.backend.FsBackend;
import io.virtio4j.fs.backend.FsCapability;
import io.virtio4j.fs.backend.FsCreated;
import io.virtio4j.fs.backend.FsDirectory;
import io.virtio4j.fs.backend.FsFile;
import io.virtio4j.fs.backend.FsMapping;
import io.virtio4j.fs.backend.FsNode;
import io.virtio4j.fs.backend.FsStatistics;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Counts what a backend is asked for, and what of it was not given back. */
final class RecordingBackend implements FsBackend {

    private static final Set<String> READING = Set.of("identity", "release", "attributes", "lookup", "symbolicLink",
            "open",
            "openDirectory", "attribute", "attributeNames", "hashCode", "equals", "toString");

    private final FsBackend backend;
    private final AtomicInteger calls = new AtomicInteger();
    private final AtomicInteger changes = new AtomicInteger();
    private final AtomicInteger opened = new AtomicInteger();
    private final AtomicInteger held = new AtomicInteger();

    private final @Nullable Mapper mapper;

    /** Maps files in a backend's place. */
    interface Mapper {
        FsMapping map(long offset, MemorySegment place, boolean writable);
    }

    RecordingBackend(FsBackend backend) {
        this(backend, null);
    }

    RecordingBackend(FsBackend backend, @Nullable Mapper mapper) {
        this.backend = backend;
        this.mapper = mapper;
    }

    int calls() {
        return calls.get();
    }

    /** Calls that may change something. */
    int changes() {
        return changes.get();
    }

    int opened() {
        return opened.get();
    }

    /** Nodes, files and directories that were not given back. */
    int held() {
        return held.get();
    }

    @Override
    public FsNode root() throws IOException {
        return wrap(backend.root(), FsNode.class);
    }

    private <T> T wrap(T target, Class<T> type) {
        held.incrementAndGet();
        InvocationHandler handler = (proxy, method, arguments) -> {
            calls.incrementAndGet();
            if (target instanceof FsNode && !READING.contains(method.getName())) {
                changes.incrementAndGet();
            }
            if (method.getName().equals("open")) {
                opened.incrementAndGet();
            }
            if (method.getName().equals("release")) {
                held.decrementAndGet();
            }
            if (mapper != null && method.getName().equals("map")) {
                return mapper.map((long) arguments[0], (MemorySegment) arguments[1], (boolean) arguments[2]);
            }
            for (int i = 0; arguments != null && i < arguments.length; i++) {
                arguments[i] = unwrap(arguments[i]);
            }
            try {
                Object result = method.invoke(target, arguments);
                return method.getName().equals("identity") ? result : wrapped(result);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        };
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type, Wrapped.class},
                (proxy, method, arguments) -> method.getDeclaringClass() == Wrapped.class ? target
                        : handler.invoke(proxy, method, arguments)));
    }

    /** What is behind a proxy. */
    interface Wrapped {
        Object target();
    }

    private static @Nullable Object unwrap(@Nullable Object argument) {
        return argument instanceof Wrapped wrapped ? wrapped.target() : argument;
    }

    private @Nullable Object wrapped(@Nullable Object result) {
        return switch (result) {
            case FsNode node when !(node instanceof Wrapped) -> wrap(node, FsNode.class);
            case FsFile file -> wrap(file, FsFile.class);
            case FsDirectory directory -> wrap(directory, FsDirectory.class);
            case FsCreated created -> new FsCreated(
                    wrap(created.node(), FsNode.class), wrap(created.file(), FsFile.class));
            case null, default -> result;
        };
    }

    @Override
    public Set<FsCapability> capabilities() {
        if (mapper == null) {
            return backend.capabilities();
        }
        Set<FsCapability> more = EnumSet.copyOf(backend.capabilities());
        more.add(FsCapability.MAPPING);
        return more;
    }

    @Override
    public void statistics(FsNode node, FsStatistics out) throws IOException {
        backend.statistics(node, out);
    }
}
