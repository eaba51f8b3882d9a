// SPDX-License-Identifier: Apache-2.0

/**
 * What the project needs of Linux, through the foreign function API: no native library, and no
 * native call anywhere else in the project. x86-64 and aarch64.
 *
 * <p>Start the JVM with {@code --enable-native-access=io.virtio4j.host.linux} (or
 * {@code ALL-UNNAMED} on the class path). {@link io.virtio4j.host.linux.Linux#isSupported} tells
 * whether the module can work; every way in fails with one sentence where it cannot.
 *
 * <table class="striped">
 * <caption>What there is</caption>
 * <thead><tr><th>type</th><th>what it is</th></tr></thead>
 * <tbody>
 * <tr><td>{@link io.virtio4j.host.linux.FileDescriptor}</td>
 *     <td>one open descriptor, owned</td></tr>
 * <tr><td>{@link io.virtio4j.host.linux.LinuxFile}</td>
 *     <td>files at positions, holes, memory files, seals</td></tr>
 * <tr><td>{@link io.virtio4j.host.linux.LinuxNode}</td>
 *     <td>files of any kind, held, in a tree that cannot be left</td></tr>
 * <tr><td>{@link io.virtio4j.host.linux.FileHandle}</td>
 *     <td>which file a node is, for when no descriptor holds it</td></tr>
 * <tr><td>{@link io.virtio4j.host.linux.LinuxDirectory}</td>
 *     <td>the entries of a directory</td></tr>
 * <tr><td>{@link io.virtio4j.host.linux.Mapping}</td>
 *     <td>shared and anonymous memory of any length</td></tr>
 * <tr><td>{@link io.virtio4j.host.linux.EventFd}</td>
 *     <td>notifications between processes</td></tr>
 * <tr><td>{@link io.virtio4j.host.linux.Poller}</td>
 *     <td>waiting for many descriptors</td></tr>
 * <tr><td>{@link io.virtio4j.host.linux.UnixSocket}</td>
 *     <td>a connection that passes bytes and descriptors</td></tr>
 * <tr><td>{@link io.virtio4j.host.linux.UnixServerSocket}</td>
 *     <td>accepts such connections</td></tr>
 * <tr><td>{@link io.virtio4j.host.linux.TapDevice}</td>
 *     <td>a network interface whose wire is in this process</td></tr>
 * </tbody>
 * </table>
 *
 * <p><b>Ownership.</b> What opens, creates or receives a descriptor owns it and must be closed;
 * closing twice is harmless, and a number is given back to the kernel only when no call uses it.
 * Nothing is closed by {@link java.lang.Thread#interrupt}, and nothing by the garbage collector.
 *
 * <p><b>Errors.</b> A call that fails is a {@link io.virtio4j.host.linux.LinuxException} with its
 * name, {@code errno} and arguments. Calls that a signal interrupts are made again, with what is
 * left of their timeout.
 *
 * <p><b>Threads.</b> Every object may be used by several threads unless it says otherwise. Calls
 * that wait occupy a platform thread, also if a virtual thread makes them. Signalling and reading
 * eventfds, polling, and reading and writing files allocate nothing once a thread has made its
 * first call.
 *
 * <p><b>Inside.</b> {@code Libc} binds functions; {@code FileCalls}, {@code MemoryCalls},
 * {@code PollCalls}, {@code SocketCalls} and {@code TapCalls} hold one bound function and one wrapper for each system
 * call, which returns what the kernel returns (a result, or the error number negated) and so costs
 * no exception; {@code SystemCall} does the same for calls by their numbers, of which the C library need not know.
 * Each kernel structure is declared once, with its size checked, in the class named after it. {@code CallState} is
 * what one thread needs for its calls.
 */
@NullMarked
package io.virtio4j.host.linux;

import org.jspecify.annotations.NullMarked;
