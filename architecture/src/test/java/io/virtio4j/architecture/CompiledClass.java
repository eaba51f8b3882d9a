// SPDX-License-Identifier: Apache-2.0

package io.virtio4j.architecture;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A compiled class and all types that its class file mentions: in code, signatures and annotations.
 *
 * @param name its binary name, with dots
 * @param mentions the binary names of the types it mentions, with dots, sorted
 */
record CompiledClass(String name, Set<String> mentions) {

    /** A class in a descriptor or in a generic signature. */
    private static final Pattern IN_DESCRIPTOR = Pattern.compile("L((?:\\w+/)+[\\w$]+)[;<]");

    /** Returns the classes in a directory and below it, but for the module descriptor. */
    static List<CompiledClass> under(Path directory) {
        try (Stream<Path> walk = Files.walk(directory)) {
            return walk.filter(path -> path.toString().endsWith(".class"))
                    .filter(path -> !path.endsWith("module-info.class"))
                    .sorted()
                    .map(CompiledClass::read)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static CompiledClass read(Path file) {
        ClassModel model;
        try {
            model = ClassFile.of().parse(file);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
        Set<String> mentions = new TreeSet<>();
        for (PoolEntry entry : model.constantPool()) {
            switch (entry) {
                case ClassEntry type when !type.asInternalName().startsWith("[") ->
                    mentions.add(dotted(type.asInternalName()));
                case Utf8Entry text -> {
                    Matcher matcher = IN_DESCRIPTOR.matcher(text.stringValue());
                    while (matcher.find()) {
                        mentions.add(dotted(matcher.group(1)));
                    }
                }
                default -> { }
            }
        }
        return new CompiledClass(dotted(model.thisClass().asInternalName()), mentions);
    }

    private static String dotted(String internalName) {
        return internalName.replace('/', '.');
    }

    String packageName() {
        return packageOf(name);
    }

    /** Returns the name of the innermost type, without package and without enclosing types. */
    String simpleName() {
        return name.substring(Math.max(name.lastIndexOf('.'), name.lastIndexOf('$')) + 1);
    }

    static String packageOf(String type) {
        return type.substring(0, Math.max(0, type.lastIndexOf('.')));
    }
}
