// SPDX-License-Identifier: Apache-2.0

package io.virtio4j.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the pages promise to be there is there. */
class DocumentationTest {

    /** The target of a link within the project, without what follows a {@code #}. */
    private static final Pattern LINK = Pattern.compile("]\\((?!\\w+:|#)([^)#\\s]+)[^)]*\\)");

    @Test
    void links_between_pages_and_files_resolve() {
        List<String> broken = new ArrayList<>();
        for (Path page : SourceTree.files(path -> path.toString().endsWith(".md"))) {
            Matcher matcher = LINK.matcher(String.join("\n", SourceTree.lines(page)));
            while (matcher.find()) {
                if (!Files.exists(page.resolveSibling(matcher.group(1)))) {
                    broken.add(SourceTree.name(page) + ": " + matcher.group(1));
                }
            }
        }
        assertEquals("", String.join("\n", broken));
    }
}
