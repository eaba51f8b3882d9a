// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/** Runs the classes of {@link SampleTests} in a launcher of its own and looks at the records. */
class CoverageListenerTest {

    private static final String SAMPLES = SampleTests.class.getName() + "$";

    @TempDir
    Path directory;

    @Test
    void a_passing_test_is_recorded_with_its_ids_and_names() throws IOException {
        run(SampleTests.Passing.class);

        assertEquals(
                List.of(new Evidence(
                        new Claim(Claim.Kind.NORMATIVE, "COR-8", false),
                        SAMPLES + "Passing", SAMPLES + "Passing", "passes", "it passes",
                        Outcome.PASSED, 1)),
                Evidence.readAll(directory, name -> true));
    }

    @Test
    void each_invocation_is_an_instance_and_the_template_gives_its_name() throws IOException {
        run(SampleTests.Parameterized.class);

        assertEquals(List.of("RL-1 for_each PASSED 3 for_each(int)"), records());
    }

    @Test
    void cases_counted_by_the_test_replace_the_invocation_as_instances() throws IOException {
        run(SampleTests.Counting.class);

        assertEquals(
                List.of("RL-1 counts PASSED 1000 counts(int)", "RL-2 counts PASSED 2 counts(int)"),
                records());
    }

    @Test
    void dynamic_tests_belong_to_their_factory() throws IOException {
        run(SampleTests.Dynamic.class);

        assertEquals(List.of("DC-1 factory PASSED 3 factory()"), records());
    }

    @Test
    void the_worst_invocation_speaks_for_the_test() throws IOException {
        run(SampleTests.Unsuccessful.class);

        assertEquals(
                List.of(
                        "COR-1 fails_once FAILED 2 fails_once(int)",
                        "COR-2 aborts_once ABORTED 2 aborts_once(int)",
                        "COR-3 never_runs SKIPPED 0 never_runs()"),
                records());
    }

    @Test
    void an_inherited_test_is_recorded_for_the_class_that_runs_it() throws IOException {
        run(SampleTests.First.class, SampleTests.Second.class);

        assertEquals(
                List.of(
                        "First COR-8 by Contract.of_contract, scope method",
                        "Second COR-8 by Contract.of_contract, scope method",
                        "First COR-9 by Contract.of_contract, scope class",
                        "Second COR-9 by Contract.of_contract, scope class"),
                Evidence.readAll(directory, name -> true).stream()
                        .map(e -> name(e.testClass()) + " " + e.claim().id()
                                + " by " + name(e.declaringClass()) + "." + e.method()
                                + ", scope " + (e.claim().ofClass() ? "class" : "method"))
                        .toList());
    }

    @Test
    void slow_tests_are_left_out() throws IOException {
        run(SampleTests.Slow.class);

        assertEquals(List.of("COR-1 quick PASSED 1 quick()"), records());
    }

    @Test
    void nested_tests_of_a_contract_are_recorded_for_the_class_that_inherits_them()
            throws IOException {
        run(SampleTests.FirstWithNested.class, SampleTests.SecondWithNested.class);

        for (String heir : List.of("FirstWithNested", "SecondWithNested")) {
            List<Evidence> records = recordsOf(heir);
            assertEquals(1, records.size());
            assertEquals(SAMPLES + heir, records.getFirst().testClass());
            assertEquals(SAMPLES + "ContractWithNested$Inner", records.getFirst().declaringClass());
        }
    }

    @Test
    void own_nested_tests_are_recorded_with_their_name() throws IOException {
        run(SampleTests.OwnNested.class);

        assertEquals(
                List.of(SAMPLES + "OwnNested$Inside"),
                recordsOf("OwnNested").stream().map(Evidence::testClass).toList());
    }

    @Test
    void a_run_of_one_class_leaves_the_records_of_another_alone() throws IOException {
        run(SampleTests.Passing.class);

        run(SampleTests.Dynamic.class);

        assertEquals(List.of("COR-8 passes PASSED 1 it passes", "DC-1 factory PASSED 3 factory()"),
                records());
    }

    @Test
    void a_class_that_lost_its_ids_loses_its_records() throws IOException {
        Path stale = directory.resolve(SAMPLES + "Untagged.tsv");
        Files.createFile(stale);

        run(SampleTests.Untagged.class);

        assertFalse(Files.exists(stale));
    }

    @Test
    void an_unknown_id_fails_the_test_with_a_sentence() {
        String failure = failureOf(SampleTests.UnknownOnMethod.class);

        String sentence = SAMPLES + "UnknownOnMethod.test carries @Normative(\"COR-999\"), which"
                + " the ledger does not hold: correct the id, or add a row to device.tsv.";
        assertTrue(failure.endsWith(sentence), failure);
    }

    @Test
    void an_unknown_id_on_a_contract_fails_the_class_that_inherits_it() {
        String failure = failureOf(SampleTests.UnknownInherited.class);

        String sentence = SAMPLES + "UnknownInherited carries @HostileCase(\"ZZ-1\"), which the"
                + " ledger does not hold: correct the id, or add a row to hostile.tsv.";
        assertTrue(failure.endsWith(sentence), failure);
    }

    @Test
    void an_id_that_does_not_apply_fails_the_test() {
        String failure = failureOf(SampleTests.NotApplicable.class);

        assertTrue(failure.contains("which device.tsv says does not apply"), failure);
    }

    @Test
    void counting_cases_of_an_id_the_test_does_not_name_fails_it() {
        String failure = failureOf(SampleTests.CountingWrongId.class);

        assertEquals(SAMPLES + "CountingWrongId.counts counts cases of \"RL-2\" and does not carry"
                + " @HostileCase(\"RL-2\"): add it.", failure);
    }

    private TestExecutionSummary run(Class<?>... classes) {
        LauncherConfig alone = LauncherConfig.builder()
                .enableTestExecutionListenerAutoRegistration(false)
                .enableLauncherSessionListenerAutoRegistration(false)
                .build();
        LauncherDiscoveryRequestBuilder request = LauncherDiscoveryRequestBuilder.request()
                .configurationParameter(CoverageListener.DIRECTORY, directory.toString());
        for (Class<?> sample : classes) {
            request.selectors(selectClass(sample));
        }
        SummaryGeneratingListener summary = new SummaryGeneratingListener();
        LauncherDiscoveryRequest samples = request.build();
        Launcher launcher = LauncherFactory.create(alone);
        launcher.execute(samples, new CoverageListener(), summary);
        return summary.getSummary();
    }

    private String failureOf(Class<?> sample) {
        List<TestExecutionSummary.Failure> failures = run(sample).getFailures();
        assertEquals(1, failures.size());
        return String.valueOf(failures.getFirst().getException().getMessage());
    }

    private List<String> records() throws IOException {
        return Evidence.readAll(directory, name -> true).stream()
                .map(e -> String.join(" ", e.claim().id(), e.method(), e.outcome().name(),
                        Long.toString(e.instances()), e.displayName()))
                .toList();
    }

    private List<Evidence> recordsOf(String sample) throws IOException {
        return Evidence.readAll(directory, (SAMPLES + sample)::equals);
    }

    private static String name(String binaryName) {
        return binaryName.substring(binaryName.lastIndexOf('$') + 1);
    }
}
