// SPDX-License-Identifier: Apache-2.0

package io.virtio4j.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Who may require whom, as docs/architecture.md draws it. */
class ModuleDependencyTest {

    private static final String CORE = "io.virtio4j.core";

    private static final String ON_LINUX = ".linux";
    private static final String ON_DESKTOPS = ".desktop";
    private static final String DESKTOP = "java.desktop";

    /** What transports may require of ours beyond core, which each of them may. */
    private static final Map<String, Set<String>> TRANSPORTS = Map.of(
            "io.virtio4j.transport.mmio", Set.of(),
            "io.virtio4j.transport.pci", Set.of(),
            "io.virtio4j.transport.vfiouser", Set.of("io.virtio4j.transport.pci", "io.virtio4j.host.linux"),
            "io.virtio4j.transport.vhostuser", Set.of("io.virtio4j.host.linux"));

    private static final Set<String> LIBRARIES =
            Set.of("io.netty.buffer", "io.netty.common", "org.jspecify", "org.slf4j");

    @Test
    void core_requires_none_of_our_modules() {
        assertEquals(Set.of(), BuiltModule.named(CORE).requiredOfOurs());
    }

    @Test
    void devices_require_core_and_none_of_our_other_modules() {
        for (BuiltModule module : modulesIn("devices")) {
            if (!module.name().endsWith(ON_LINUX) && !module.name().endsWith(ON_DESKTOPS)) {
                assertEquals(Set.of(CORE), module.requiredOfOurs(), module::name);
                assertFalse(requires(module, DESKTOP), module::name);
            }
        }
    }

    /** What needs native calls is beside the device, which is for every system. */
    @Test
    void what_linux_adds_to_a_device_requires_that_device_and_host_linux() {
        for (BuiltModule module : modulesIn("devices")) {
            if (module.name().endsWith(ON_LINUX)) {
                String device = module.name().substring(0, module.name().length() - ON_LINUX.length());
                Set<String> required = new TreeSet<>(module.requiredOfOurs());
                required.remove(CORE);
                assertEquals(Set.of(device, "io.virtio4j.host.linux"), required, module::name);
            }
        }
    }

    /** What needs a desktop, or the classes that come with one, is beside the device too. */
    @Test
    void what_desktops_add_to_a_device_requires_that_device() {
        for (BuiltModule module : modulesIn("devices")) {
            if (module.name().endsWith(ON_DESKTOPS)) {
                String device = module.name().substring(0, module.name().length() - ON_DESKTOPS.length());
                Set<String> required = new TreeSet<>(module.requiredOfOurs());
                required.remove(CORE);
                assertEquals(Set.of(device), required, module::name);
                assertTrue(requires(module, DESKTOP), module::name);
            }
        }
    }

    private static boolean requires(BuiltModule module, String other) {
        return module.descriptor().requires().stream().anyMatch(each -> each.name().equals(other));
    }

    @Test
    void transports_require_core_and_what_their_protocol_is_made_of() {
        for (BuiltModule module : BuiltModule.all()) {
            if (module.name().startsWith("io.virtio4j.transport.")) {
                Set<String> extra = TRANSPORTS.get(module.name());
                assertTrue(extra != null, () -> "a transport this test does not know: " + module.name());
                Set<String> allowed = new TreeSet<>(extra);
                allowed.add(CORE);
                assertSubset(module.requiredOfOurs(), allowed, module);
            }
        }
    }

    @Test
    void host_modules_and_the_testkit_require_core_at_most() {
        Stream.of("host-linux", "testkit").flatMap(top -> modulesIn(top).stream()).forEach(module ->
                assertSubset(module.requiredOfOurs(), Set.of(CORE), module));
    }

    @Test
    void nothing_requires_examples_or_benchmarks_or_the_testkit_but_examples_and_benchmarks() {
        Set<String> ends = Set.of("io.virtio4j.testkit", "io.virtio4j.examples", "io.virtio4j.benchmarks");
        for (BuiltModule module : BuiltModule.all()) {
            Set<String> required = new TreeSet<>(module.requiredOfOurs());
            required.retainAll(ends);
            if (module.liesIn("examples") || module.liesIn("benchmarks")) {
                required.remove("io.virtio4j.testkit");
            }
            assertEquals(Set.of(), required, module::name);
        }
    }

    @Test
    void libraries_are_those_that_were_decided_on() {
        for (BuiltModule module : BuiltModule.all()) {
            Set<String> allowed = new TreeSet<>(LIBRARIES);
            if (module.liesIn("testkit") || module.liesIn("examples")) {
                allowed.add("org.junit.jupiter.api");
                allowed.add("org.junit.jupiter.params");
                allowed.add("org.junit.platform.launcher");
            }
            if (module.liesIn("transport-vfio-user")) {
                allowed.add("com.fasterxml.jackson.core");
            }
            if (module.liesIn("benchmarks")) {
                allowed.add("jmh.core");
                allowed.add("xchart"); // draws charts; the module is not published
            }
            assertSubset(module.requiredOfOthers(), allowed, module);
        }
    }

    @Test
    void no_module_is_open() {
        for (BuiltModule module : BuiltModule.all()) {
            assertFalse(module.descriptor().isOpen(), module::name);
        }
    }

    @Test
    void only_the_testkit_opens_a_package_and_only_to_junit() {
        for (BuiltModule module : BuiltModule.all()) {
            for (var opens : module.descriptor().opens()) {
                assertTrue(module.liesIn("testkit"), () -> module.name() + " opens " + opens.source());
                assertEquals(Set.of("org.junit.platform.commons"), opens.targets(), opens::source);
            }
        }
    }

    private static List<BuiltModule> modulesIn(String top) {
        return BuiltModule.all().stream().filter(module -> module.liesIn(top)).toList();
    }

    private static void assertSubset(Set<String> actual, Set<String> allowed, BuiltModule module) {
        Set<String> beyond = new TreeSet<>(actual);
        beyond.removeAll(allowed);
        assertEquals(Set.of(), beyond, () -> module.name() + " requires what it must not");
    }
}
