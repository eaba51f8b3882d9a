// SPDX-License-Identifier: Apache-2.0

package io.virtio4j.architecture;

import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Requires;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * One module of ours: where it lies in the project, and its descriptor as compiled.
 *
 * @param directory the directory of its pom
 * @param descriptor its descriptor, with all its packages
 */
record BuiltModule(Path directory, ModuleDescriptor descriptor) {

    private static final String OURS = "io.virtio4j.";

    /** Returns every module that has a descriptor in the source tree. */
    static List<BuiltModule> all() {
        return SourceTree.files(path -> path.endsWith(Path.of("src/main/java/module-info.java"))).stream()
                .map(descriptor -> of(descriptor.resolve("../../../..").normalize()))
                .toList();
    }

    static BuiltModule named(String name) {
        return all().stream()
                .filter(module -> module.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no such module: name=" + name));
    }

    private static BuiltModule of(Path directory) {
        Path classes = directory.resolve("target/classes");
        Set<ModuleReference> found = Files.exists(classes.resolve("module-info.class"))
                ? ModuleFinder.of(classes).findAll()
                : Set.of();
        if (found.size() != 1) {
            throw new IllegalStateException("not compiled, is it a dependency in architecture/pom.xml? module="
                    + SourceTree.name(directory));
        }
        return new BuiltModule(directory, found.iterator().next().descriptor());
    }

    String name() {
        return descriptor.name();
    }

    /** Returns whether the module lies in the given directory of the project, or below it. */
    boolean liesIn(String top) {
        return directory.startsWith(SourceTree.ROOT.resolve(top));
    }

    /** Returns the names of the modules of ours that this one requires, sorted. */
    Set<String> requiredOfOurs() {
        return required().stream()
                .filter(name -> name.startsWith(OURS))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Returns the names of all other modules that this one requires, but for those of the JDK, sorted. */
    Set<String> requiredOfOthers() {
        return required().stream()
                .filter(name -> !name.startsWith(OURS) && !name.startsWith("java.") && !name.startsWith("jdk."))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private Set<String> required() {
        return descriptor.requires().stream().map(Requires::name).collect(Collectors.toSet());
    }

    List<CompiledClass> classes() {
        return CompiledClass.under(directory.resolve("target/classes"));
    }
}
