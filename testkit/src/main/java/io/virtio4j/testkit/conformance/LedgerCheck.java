// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.testkit.conformance;

import java.lang.reflect.Method;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test that names an id the ledger does not hold, or says does not apply. A condition,
 * because it is asked before a class, a test or a template runs; it skips nothing.
 */
public final class LedgerCheck implements ExecutionCondition {

    private static final ConditionEvaluationResult RUN =
            ConditionEvaluationResult.enabled("the ledger holds its ids");

    /** Made by JUnit. */
    public LedgerCheck() {}

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        if (context.getTestClass().isEmpty()) {
            return RUN;
        }
        Class<?> testClass = context.getRequiredTestClass();
        Optional<Method> method = context.getTestMethod();
        if (method.isPresent()) {
            String test = testClass.getName() + "." + method.get().getName();
            require(test, Claim.of(testClass, method.get()));
        } else {
            require(testClass.getName(), Claim.of(testClass));
        }
        return RUN;
    }

    private static void require(String test, List<Claim> claims) {
        for (Claim claim : claims) {
            String objection = Ledger.shipped().objection(test, claim);
            if (!objection.isEmpty()) {
                throw new ExtensionConfigurationException(objection);
            }
        }
    }
}
