// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestSource;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Records what tests with {@link Normative} and {@link HostileCase} did. JUnit finds it by itself
 * wherever the test kit is on the path of the tests.
 *
 * <p>The records go to {@code target/conformance} of the module under test, one file for each test
 * class, and nowhere if the module has no {@code target}; the configuration parameter or system
 * property {@value #DIRECTORY} names another directory. Tests tagged {@code slow} or {@code guest}
 * are left out, so that the report does not depend on the profile.
 */
public final class CoverageListener implements TestExecutionListener {

    /** The parameter that names the directory of the records. */
    public static final String DIRECTORY = "virtio4j.conformance.directory";

    private static final List<String> LEFT_OUT = List.of("slow", "guest");

    private final Map<RunKey, TestRun> runs = new ConcurrentHashMap<>();
    private @Nullable TestPlan plan;

    /** Made by JUnit. */
    public CoverageListener() {}

    @Override
    public void testPlanExecutionStarted(TestPlan testPlan) {
        plan = testPlan;
        runs.clear();
    }

    @Override
    public void executionStarted(TestIdentifier identifier) {
        if (identifier.isTest()) {
            runOf(identifier).ifPresent(HostileCases::begin);
        }
    }

    @Override
    public void executionFinished(TestIdentifier identifier, TestExecutionResult result) {
        Outcome outcome = switch (result.getStatus()) {
            case SUCCESSFUL -> Outcome.PASSED;
            case ABORTED -> Outcome.ABORTED;
            case FAILED -> Outcome.FAILED;
        };
        if (identifier.isTest()) {
            Map<String, Long> counted = HostileCases.end();
            runOf(identifier).ifPresent(run -> run.finished(outcome, counted));
        } else {
            runOf(identifier).ifPresent(run -> run.ended(outcome));
        }
    }

    @Override
    public void executionSkipped(TestIdentifier identifier, String reason) {
        runOf(identifier).ifPresent(run -> run.ended(Outcome.SKIPPED));
    }

    @Override
    public void testPlanExecutionFinished(TestPlan testPlan) {
        Optional<Path> directory = directory(testPlan);
        if (directory.isEmpty()) {
            return;
        }
        Map<String, List<Evidence>> byClass = new TreeMap<>();
        runs.forEach((key, run) -> byClass
                .computeIfAbsent(key.topClass, name -> new ArrayList<>())
                .addAll(run.evidence()));
        try {
            for (Map.Entry<String, List<Evidence>> of : byClass.entrySet()) {
                Evidence.write(directory.get(), of.getKey(), of.getValue());
            }
        } catch (IOException e) {
            throw new UncheckedIOException("records not written: directory=" + directory.get(), e);
        }
    }

    /** The run of the method an identifier belongs to, if it has one and is not left out. */
    private Optional<TestRun> runOf(TestIdentifier identifier) {
        MethodSource method = null;
        String displayName = "";
        String topClass = "";
        for (TestIdentifier at = identifier; at != null; at = parent(at)) {
            TestSource source = at.getSource().orElse(null);
            if (source instanceof MethodSource here) {
                method = here;
                displayName = at.getDisplayName();
            } else if (source instanceof ClassSource here) {
                topClass = here.getClassName();
            }
        }
        if (method == null || topClass.isEmpty() || leftOut(identifier)) {
            return Optional.empty();
        }
        String name = displayName;
        return Optional.of(
                runs.computeIfAbsent(new RunKey(topClass, method), key -> newRun(key, name)));
    }

    private static TestRun newRun(RunKey key, String displayName) {
        String testClass = key.method.getClassName();
        boolean inside = testClass.equals(key.topClass) || testClass.startsWith(key.topClass + "$");
        return new TestRun(
                key.method.getJavaClass(),
                inside ? testClass : key.topClass,
                key.method.getJavaMethod(),
                displayName);
    }

    private static boolean leftOut(TestIdentifier identifier) {
        return identifier.getTags().stream().anyMatch(tag -> LEFT_OUT.contains(tag.getName()));
    }

    private @Nullable TestIdentifier parent(TestIdentifier identifier) {
        TestPlan known = plan;
        return known == null ? null : known.getParent(identifier).orElse(null);
    }

    private static Optional<Path> directory(TestPlan testPlan) {
        Optional<String> named = testPlan.getConfigurationParameters().get(DIRECTORY);
        if (named.isPresent()) {
            return Optional.of(Path.of(named.get()));
        }
        Path target = Path.of(System.getProperty("basedir", ""), "target");
        return Optional.of(target.resolve("conformance")).filter(at -> Files.isDirectory(target));
    }

    /** A method, and the outermost class that runs it: a contract's nested classes have several. */
    private record RunKey(String topClass, MethodSource method) {}
}
