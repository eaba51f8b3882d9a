// SPDX-License-Identifier: Apache-2.0

package io.virtio4j.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Which packages may use which, and who may use native code and loggers. */
class PackageDependencyTest {

    private static final String CORE = "io.virtio4j.core.";

    /** The packages of core from the bottom up: a package uses lower layers only, not its neighbors. */
    private static final List<Set<String>> LAYERS = List.of(
            Set.of(CORE + "wire", CORE + "fault"),
            Set.of(CORE + "memory"),
            Set.of(CORE + "queue"),
            Set.of(CORE + "device"),
            Set.of(CORE + "transport"));

    @Test
    void packages_of_core_use_only_lower_layers() {
        List<String> wrong = new ArrayList<>();
        for (CompiledClass type : BuiltModule.named("io.virtio4j.core").classes()) {
            int own = layer(type.packageName());
            assertTrue(own >= 0, () -> "a package of core that has no layer: " + type.packageName());
            for (String mentioned : type.mentions()) {
                String other = CompiledClass.packageOf(mentioned);
                if (other.startsWith(CORE) && !other.equals(type.packageName()) && layer(other) >= own) {
                    wrong.add(type.name() + " uses " + mentioned);
                }
            }
        }
        assertNone(wrong);
    }

    @Test
    void no_module_has_a_cycle_of_packages() {
        for (BuiltModule module : BuiltModule.all()) {
            Map<String, Set<String>> uses = new TreeMap<>();
            for (CompiledClass type : module.classes()) {
                Set<String> used = uses.computeIfAbsent(type.packageName(), name -> new TreeSet<>());
                type.mentions().stream()
                        .map(CompiledClass::packageOf)
                        .filter(name -> !name.equals(type.packageName()))
                        .filter(module.descriptor().packages()::contains)
                        .forEach(used::add);
            }
            removeWhatUsesNothing(uses);
            assertTrue(uses.isEmpty(), () -> "a cycle in " + module.name() + ": " + uses);
        }
    }

    @Test
    void native_code_is_called_by_host_linux_alone() {
        Set<String> doors = Set.of("java.lang.foreign.Linker", "java.lang.foreign.SymbolLookup");
        List<String> wrong = new ArrayList<>();
        for (BuiltModule module : BuiltModule.all()) {
            if (!module.liesIn("host-linux")) {
                collectUses(module.classes().stream(), doors, wrong);
            }
        }
        assertNone(wrong);
    }

    @Test
    void rings_chains_memory_and_wire_fields_do_not_log() {
        List<String> wrong = new ArrayList<>();
        Stream<CompiledClass> quiet = BuiltModule.named("io.virtio4j.core").classes().stream()
                .filter(type -> layer(type.packageName()) <= layer(CORE + "queue"));
        collectUses(quiet, Set.of("org.slf4j.Logger", "org.slf4j.LoggerFactory"), wrong);
        assertNone(wrong);
    }

    @Test
    void nothing_uses_unsafe() {
        List<String> wrong = new ArrayList<>();
        for (BuiltModule module : BuiltModule.all()) {
            collectUses(module.classes().stream(), Set.of("sun.misc.Unsafe"), wrong);
        }
        assertNone(wrong);
    }

    private static int layer(String packageName) {
        for (int i = 0; i < LAYERS.size(); i++) {
            if (LAYERS.get(i).contains(packageName)) {
                return i;
            }
        }
        return -1;
    }

    /** Leaves the packages that are on a cycle, or that use one that is. */
    private static void removeWhatUsesNothing(Map<String, Set<String>> uses) {
        boolean changed;
        do {
            changed = uses.values().removeIf(Set::isEmpty);
            for (Set<String> used : uses.values()) {
                used.retainAll(uses.keySet());
            }
        } while (changed);
    }

    private static void collectUses(Stream<CompiledClass> types, Set<String> unwanted, List<String> wrong) {
        types.forEach(type -> type.mentions().stream()
                .filter(unwanted::contains)
                .forEach(mentioned -> wrong.add(type.name() + " uses " + mentioned)));
    }

    private static void assertNone(List<String> wrong) {
        assertEquals("", String.join("\n", wrong));
    }
}
