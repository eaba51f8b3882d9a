// SPDX-License-Identifier: Apache-2.0

package io.virtio4j.architecture;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.xpath.XPath;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathExpressionException;
import javax.xml.xpath.XPathFactory;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/** One pom of the build, as written: nothing is inherited or interpolated. */
final class Pom {

    private final XPath xpath = XPathFactory.newInstance().newXPath();
    private final Document document;

    private Pom(Document document) {
        this.document = document;
    }

    static Pom read(Path file) {
        try {
            return new Pom(DocumentBuilderFactory.newDefaultInstance().newDocumentBuilder().parse(file.toFile()));
        } catch (ParserConfigurationException | SAXException | IOException e) {
            throw new IllegalStateException("cannot read " + file, e);
        }
    }

    /** Returns every pom of the project. */
    static List<Pom> all() {
        return SourceTree.files(path -> path.endsWith("pom.xml")).stream().map(Pom::read).toList();
    }

    String artifactId() {
        return text("/project/artifactId");
    }

    /** Returns the version of the project, its own or its parent's. */
    String version() {
        String own = text("/project/version");
        return own.isEmpty() ? text("/project/parent/version") : own;
    }

    /** Returns whether others get a jar of this module. */
    boolean isPublishedJar() {
        return !text("/project/packaging").equals("pom")
                && !text("/project/properties/maven.deploy.skip").equals("true");
    }

    /** Returns the artifacts of ours that this pom manages, sorted. */
    Set<String> managedOfOurs() {
        return texts("/project/dependencyManagement/dependencies/dependency[groupId='io.virtio4j']/artifactId");
    }

    /** Returns the artifacts of ours that this pom depends on, sorted. */
    Set<String> dependenciesOfOurs() {
        return texts("/project/dependencies/dependency[groupId='io.virtio4j']/artifactId");
    }

    String text(String path) {
        try {
            return xpath.evaluate(path, document).strip();
        } catch (XPathExpressionException e) {
            throw new IllegalArgumentException("not a path: " + path, e);
        }
    }

    private Set<String> texts(String path) {
        try {
            NodeList nodes = (NodeList) xpath.evaluate(path, document, XPathConstants.NODESET);
            Set<String> texts = new TreeSet<>();
            IntStream.range(0, nodes.getLength())
                    .forEach(i -> texts.add(nodes.item(i).getTextContent().strip()));
            return texts;
        } catch (XPathExpressionException e) {
            throw new IllegalArgumentException("not a path: " + path, e);
        }
    }
}
