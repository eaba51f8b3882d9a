// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import io.virtio4j.sound.pcm.PcmDirection;
import io.virtio4j.sound.pcm.PcmInput;
import io.virtio4j.sound.pcm.PcmLine;
import io.virtio4j.sound.pcm.PcmOutput;
import io.virtio4j.sound.pcm.PcmParameters;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A stream, apart from its messages: its state, which the control queue's owner changes, and its line to the
 * backend. What changed is published as a {@link StreamPlan}; whoever has the messages says once it {@linkplain
 * #followed followed}, and until then a line that is not needed any more stays open.
 */
final class PcmStream {

    /** Opens a line, whichever direction it has. */
    private interface Backend {
        PcmLine open(PcmParameters parameters) throws IOException;
    }

    private final int id;
    private final PcmStreamInfo info;
    private final Backend backend;
    private final SoundDevice device;

    private volatile StreamPlan plan = StreamPlan.INITIAL;
    /** The plan before the command that is not answered yet. */
    private @Nullable StreamPlan before;
    private final List<PcmLine> retired = new ArrayList<>();
    private volatile int followed;

    /** How many frames of the first message have passed; of a saved state. */
    private long restoredPosition;

    private PcmStream(int id, PcmStreamInfo info, Backend backend, SoundDevice device) {
        this.id = id;
        this.info = info;
        this.backend = backend;
        this.device = device;
    }

    static PcmStream of(int id, SoundDeviceBuilder.Stream described, SoundDevice device) {
        PcmOutput output = described.output();
        PcmInput input = described.input();
        Backend backend = output != null ? output::open : input != null ? input::open : null;
        if (backend == null) {
            throw new IllegalStateException("stream without a backend: stream=" + id);
        }
        return new PcmStream(id, described.info(), backend, device);
    }

    int id() {
        return id;
    }

    PcmStreamInfo info() {
        return info;
    }

    boolean isOutput() {
        return info.direction() == PcmDirection.OUTPUT;
    }

    /** What is wanted of it. Any thread. */
    StreamPlan plan() {
        return plan;
    }

    // ── The control queue's owner ──────────────────────────────────────────

    boolean mayBecome(StreamPhase next) {
        return plan.phase().mayBecome(next);
    }

    void set(PcmParameters parameters, int features) {
        change(plan.set(parameters, features));
    }

    /** Opens a line, unless there is one. */
    boolean prepare() {
        PcmLine line = plan.line();
        if (line == null) {
            line = open(plan.parameters());
            if (line == null) {
                return false;
            }
        }
        change(plan.next(StreamPhase.PREPARED, line));
        return true;
    }

    private @Nullable PcmLine open(@Nullable PcmParameters parameters) {
        try {
            return parameters == null ? null : backend.open(parameters);
        } catch (IOException | RuntimeException e) {
            device.backendFailed(id, e);
            return null;
        }
    }

    void start() {
        StreamPlan now = plan;
        call(now.line(), PcmLine::start);
        change(now.next(StreamPhase.STARTED));
    }

    void stop() {
        change(plan.next(StreamPhase.STOPPED));
    }

    void release() {
        change(plan.next(StreamPhase.RELEASED, null));
    }

    private void change(StreamPlan next) {
        StreamPlan now = plan;
        PcmLine line = now.line();
        if (line != null && line != next.line()) {
            retired.add(line);
        }
        before = now;
        plan = next;
    }

    /** The command was followed: does what could not be done before. */
    void settle() {
        before = null;
        if (plan.phase() == StreamPhase.STOPPED) {
            call(plan.line(), PcmLine::stop);
        }
        retired.forEach(line -> call(line, PcmLine::close));
        retired.clear();
    }

    /** Nobody waits for an answer any more; the command holds. What is to be closed is so with the next one. */
    void abandon() {
        before = null;
    }

    private void call(@Nullable PcmLine line, Consumer<PcmLine> what) {
        if (line == null) {
            return;
        }
        try {
            what.accept(line);
        } catch (RuntimeException e) {
            device.backendFailed(id, e);
        }
    }

    /** Whether whoever has the messages does what is wanted. */
    boolean isFollowed() {
        return followed == plan.number();
    }

    /** The device was reset, and nobody has messages any more. */
    void reset() {
        change(new StreamPlan(plan.number() + 1, StreamPhase.UNSET, null, 0, null));
        settle();
        restoredPosition = 0;
    }

    // ── Who has the messages ───────────────────────────────────────────────

    /** A plan was followed. */
    void followed(StreamPlan done) {
        followed = done.number();
    }

    /** How many frames of the first message have passed before the state was saved; once. */
    long takeRestoredPosition() {
        long position = restoredPosition;
        restoredPosition = 0;
        return position;
    }

    // ── State ──────────────────────────────────────────────────────────────

    /** What a command that is not answered yet came from: it is done again where the state is restored. */
    StreamPlan saved() {
        StreamPlan unanswered = before;
        return unanswered != null ? unanswered : plan;
    }

    /** Takes a saved state up; {@link #reopen()} follows. */
    void restore(StreamPhase phase, @Nullable PcmParameters parameters, int features, long position) {
        plan = new StreamPlan(plan.number() + 1, phase, parameters, features, null);
        restoredPosition = position;
    }

    /** Opens the line that a restored state has. Without one, messages are answered with errors. */
    void reopen() {
        StreamPlan now = plan;
        if (now.phase().takesMessages() && now.line() == null) {
            PcmLine line = open(now.parameters());
            plan = now.next(now.phase(), line);
            if (now.phase() == StreamPhase.STARTED) {
                call(line, PcmLine::start);
            }
        }
    }
}
