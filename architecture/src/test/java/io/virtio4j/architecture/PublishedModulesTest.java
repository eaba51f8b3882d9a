// SPDX-License-Identifier: Apache-2.0

package io.virtio4j.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What users get, and that the lists of it agree. */
class PublishedModulesTest {

    private final Pom root = Pom.read(SourceTree.ROOT.resolve("pom.xml"));
    private final Pom bom = Pom.read(SourceTree.ROOT.resolve("bom/pom.xml"));

    @Test
    void the_bom_lists_every_published_module_and_no_other() {
        assertEquals(published(), bom.managedOfOurs());
    }

    @Test
    void the_root_manages_every_published_module_and_no_other() {
        assertEquals(published(), root.managedOfOurs());
    }

    @Test
    void all_poms_have_the_version_of_the_root() {
        for (Pom pom : Pom.all()) {
            assertEquals(root.version(), pom.version(), pom::artifactId);
        }
    }

    @Test
    void examples_benchmarks_and_tests_of_the_whole_are_not_published() {
        Set<String> kept = Set.of(
                "architecture", "benchmarks", "conformance", "examples", "guest-tests", "jcstress");
        for (String directory : kept) {
            Pom pom = Pom.read(SourceTree.ROOT.resolve(directory).resolve("pom.xml"));
            assertEquals("true", pom.text("/project/properties/maven.deploy.skip"), directory);
        }
    }

    @Test
    void architecture_looks_at_every_module_that_has_a_descriptor() {
        Set<String> modules = BuiltModule.all().stream()
                .map(module -> Pom.read(module.directory().resolve("pom.xml")).artifactId())
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> missing = new TreeSet<>(modules);
        missing.removeAll(Pom.read(SourceTree.ROOT.resolve("architecture/pom.xml")).dependenciesOfOurs());
        assertEquals(Set.of(), missing);
    }

    private static Set<String> published() {
        return Pom.all().stream()
                .filter(Pom::isPublishedJar)
                .map(Pom::artifactId)
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
