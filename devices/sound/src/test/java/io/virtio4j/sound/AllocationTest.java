// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.sound;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.virtio4j.sound.pcm.PcmInput;
import io.virtio4j.sound.pcm.PcmOutput;
import io.virtio4j.sound.pcm.PcmParameters;
import io.virtio4j.sound.pcm.PcmSink;
import io.virtio4j.testkit.DriverOptions;
import io.virtio4j.testkit.DriverQueue;
import io.virtio4j.testkit.GuestBuffer;
import io.virtio4j.testkit.Submitted.Descriptor;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Playback and capture allocate nothing, compiled or not. */
class AllocationTest {

    private static final int TURNS = 101;
    private static final int MANY = 8;
    private static final int BYTES = 160;
    private static final int MILLIS = 10;
    private static final long LEAST_OBJECT = 16; // bytes
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private record Case(DriverOptions options, boolean output, boolean polling) {}

    static Stream<Case> cases() {
        return Stream.of(DriverOptions.split(), DriverOptions.packed()).flatMap(options ->
                Stream.of(true, false).flatMap(output ->
                        Stream.of(true, false).map(polling -> new Case(options, output, polling))));
    }

    /** Copies each byte, as a backend does. */
    private static final class Copy implements PcmOutput, PcmSink {

        private final byte[] last = new byte[BYTES];

        @Override
        public PcmSink open(PcmParameters parameters) {
            return this;
        }

        @Override
        public void write(ByteBuf frames) {
            frames.readBytes(last, 0, frames.readableBytes());
        }

        @Override
        public void close() {}
    }

    /** The median of many turns counts: what the JVM itself allocates now and then is not ours. */
    @ParameterizedTest
    @MethodSource("cases")
    void a_turn_with_many_messages_allocates_as_much_as_one_with_few(Case test) {
        SoundDeviceBuilder card = SoundDevice.builder().output(new Copy()).input(PcmInput.silence());
        try (SoundRig rig = SoundRig.of(card, test.options)) {
            int stream = test.output ? 0 : 1;
            rig.prepare(stream, test.polling ? SoundRig.POLLING : 0);
            List<Descriptor> message = message(rig, stream, test.output);
            DriverQueue queue = test.output ? rig.tx() : rig.rx();
            rig.succeed(SoundRig.START, stream);
            turn(rig, queue, MANY, message);
            long[] differences = new long[TURNS];
            for (int i = 0; i < TURNS; i++) {
                long many = turn(rig, queue, MANY, message);
                differences[i] = many - turn(rig, queue, 1, message);
            }
            Arrays.sort(differences);
            long median = differences[TURNS / 2];
            assertTrue(median < LEAST_OBJECT * (MANY - 1),
                    "bytes allocated for " + (MANY - 1) + " messages: " + median);
        }
    }

    private static List<Descriptor> message(SoundRig rig, int stream, boolean output) {
        GuestBuffer header = rig.driver().ram().allocate(4);
        header.write(0, SoundRig.words(stream));
        return List.of(
                new Descriptor(header.address(), 4, false),
                new Descriptor(rig.driver().ram().allocate(BYTES).address(), BYTES, !output),
                new Descriptor(rig.driver().ram().allocate(8).address(), 8, true));
    }

    /** One turn that takes messages, and one for which the time of all of them has passed. */
    private static long turn(SoundRig rig, DriverQueue queue, int messages, List<Descriptor> message) {
        long thread = Thread.currentThread().threadId();
        for (int i = 0; i < messages; i++) {
            queue.add(message, 3);
        }
        queue.publish();
        queue.kickAlways();
        long before = THREADS.getThreadAllocatedBytes(thread);
        rig.driver().instance().poll(100);
        long allocated = THREADS.getThreadAllocatedBytes(thread) - before;
        rig.clock().advance(Duration.ofMillis((long) MILLIS * messages));
        before = THREADS.getThreadAllocatedBytes(thread);
        rig.driver().instance().poll(100);
        allocated += THREADS.getThreadAllocatedBytes(thread) - before;
        assertEquals(messages, queue.collect());
        return allocated;
    }
}
