// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.fs;

import io.virtio4j.core.fault.ChainFault;
import io.virtio4j.core.queue.ChainReader;
import io.virtio4j.core.queue.ChainWriter;
import io.virtio4j.core.queue.DescriptorChain;
import io.virtio4j.fs.FuseData.SizeOut;
import io.virtio4j.fs.FuseWire.ExtHeader;
import io.virtio4j.fs.FuseWire.InHeader;
import io.virtio4j.fs.FuseWire.OutHeader;
import io.virtio4j.fs.backend.FsAttributes;
import io.virtio4j.fs.backend.FsCaller;
import io.virtio4j.fs.backend.FsChange;
import io.virtio4j.fs.backend.FsErrno;
import io.virtio4j.fs.backend.FsException;
import io.virtio4j.fs.backend.FsName;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One request at a time: what it says, read once; what it uses; its reply. Kept and used again, by one thread at a
 * time. {@code struct virtio_fs_req}
 */
final class Request implements FsCaller {

    /** Two names, or a name and the text of a symbolic link; everything else is longer than anything that can be. */
    private static final int LONGEST_NAMES = 8192;

    private static final int LONGEST_EXTENSIONS = 4096;
    private static final int EXT_GROUPS = 32;
    private static final int MOST_GROUPS = 32;

    private static final int IN_ROOM = 128;
    private static final int OUT_ROOM = 512;
    static final int HEADER = OutHeader.SIZE;

    private final FsDevice device;
    private final Fields header = new Fields(InHeader.SIZE);
    /** The structure after the header. */
    final Fields in = new Fields(IN_ROOM);
    /** The reply; its structure begins after the header. */
    final Fields reply = new Fields(OUT_ROOM);

    final FsAttributes attributes = new FsAttributes();
    final FsChange change = new FsChange();
    private final DataState data = new DataState();

    private @Nullable DescriptorChain chain;
    private @Nullable FuseOpcode opcode;
    private @Nullable Session session;
    private boolean swapped;
    private boolean answered;
    private long end; // of names and data; extensions follow
    private long length;

    private volatile long unique;
    private volatile boolean busy;
    private volatile long interruptedUnique;

    private final Counted[] held = new Counted[8];
    private int heldCount;
    /** What the driver learns of by the reply: taken back if it does not get there. */
    private final List<Node> entered = new ArrayList<>();
    private @Nullable Handle opened;
    private final long[] groups = new long[MOST_GROUPS];
    private int groupCount;

    /** Moves data; made with the first chain. */
    private static final class DataState {
        @Nullable ChainTarget target;
        @Nullable ChainSource source;
    }

    Request(FsDevice device) {
        this.device = device;
    }

    // ── Its parts ──────────────────────────────────────────────────────────

    /**
     * Reads the header.
     *
     * @throws ChainFault if there is none, or no room for one in the reply
     */
    void begin(DescriptorChain newChain) {
        chain = newChain;
        answered = false;
        heldCount = 0;
        groupCount = 0;
        entered.clear();
        opened = null;
        interruptedUnique = 0;
        session = null;
        opcode = null;
        ChainReader reader = newChain.reader();
        length = reader.length();
        reader.read(header.bytes, 0, InHeader.SIZE);
        Session now = device.session();
        long number = header.at(0, false).get(InHeader.OPCODE);
        if (number == FuseOpcode.INIT.number || number == FuseOpcode.INIT_SWAPPED) {
            swapped = number == FuseOpcode.INIT_SWAPPED;
            opcode = FuseOpcode.INIT;
        } else {
            swapped = now != null && now.isSwapped();
            opcode = FuseOpcode.of(header.at(0, swapped).get(InHeader.OPCODE));
            session = now;
        }
        header.at(0, swapped);
        in.at(0, swapped);
        reply.at(0, swapped);
        unique = header.get(InHeader.UNIQUE);
        busy = true;
    }

    /** Reads the structure that follows the header, if all of the request is as it should be. */
    void parse(FuseOpcode known) throws FsException {
        ChainReader reader = chain().reader();
        long extensions = 8L * header.get(InHeader.TOTAL_EXTLEN);
        if (header.get(InHeader.LEN) != length || length - InHeader.SIZE < known.inSize + extensions) {
            throw FsException.of(FsErrno.EINVAL);
        }
        end = length - extensions;
        if (known.hasReply() && room() < known.outSize) {
            throw FsException.of(FsErrno.EINVAL);
        }
        reader.read(in.at(0).bytes, 0, known.inSize);
    }

    /** Reads more of the structure than every version has. */
    void parseMore(int from, int to) throws FsException {
        if (left() < to - from) {
            throw FsException.of(FsErrno.EINVAL);
        }
        chain().reader().read(in.bytes, from, to - from);
    }

    DescriptorChain chain() {
        DescriptorChain now = chain;
        if (now == null) {
            throw new IllegalStateException("no request");
        }
        return now;
    }

    @Nullable FuseOpcode opcode() {
        return opcode;
    }

    boolean isSwapped() {
        return swapped;
    }

    /** The session that it is of; there is one for everything but INIT. */
    Session session() {
        Session now = session;
        if (now == null) {
            throw new IllegalStateException("no session");
        }
        return now;
    }

    boolean hasSession() {
        return session != null;
    }

    long unique() {
        return unique;
    }

    long nodeId() {
        return header.get(InHeader.NODEID);
    }

    /** Bytes of names and data that were not read yet. */
    long left() {
        return end - chain().reader().position();
    }

    /** Bytes that the reply has room for after its header. */
    long room() {
        return chain().writer().length() - HEADER;
    }

    // ── Names ──────────────────────────────────────────────────────────────

    private byte[] rest() throws FsException {
        long count = left();
        if (count > LONGEST_NAMES) {
            throw FsException.of(FsErrno.ENAMETOOLONG);
        }
        byte[] bytes = new byte[(int) count];
        chain().reader().read(bytes);
        return bytes;
    }

    /** Texts that end with a zero byte each, and nothing else. */
    byte[][] texts(int count) throws FsException {
        byte[] bytes = rest();
        byte[][] texts = new byte[count][];
        int at = 0;
        for (int i = 0; i < count; i++) {
            int zero = at;
            while (zero < bytes.length && bytes[zero] != 0) {
                zero++;
            }
            if (zero == bytes.length) {
                throw FsException.of(FsErrno.EINVAL);
            }
            texts[i] = Arrays.copyOfRange(bytes, at, zero);
            at = zero + 1;
        }
        if (at != bytes.length) {
            throw FsException.of(FsErrno.EINVAL);
        }
        return texts;
    }

    FsName name() throws FsException {
        return FsName.of(texts(1)[0]);
    }

    /** The text up to a zero byte; what follows is left to be read. */
    byte[] text(int longest) throws FsException {
        ChainReader reader = chain().reader();
        byte[] bytes = new byte[longest];
        for (int i = 0; i <= longest; i++) {
            if (left() == 0) {
                throw FsException.of(FsErrno.EINVAL);
            }
            int b = reader.readU8();
            if (b == 0) {
                return Arrays.copyOf(bytes, i);
            }
            if (i < longest) {
                bytes[i] = (byte) b;
            }
        }
        throw FsException.of(FsErrno.ERANGE);
    }

    /** Reads extensions: the groups of the caller that matter where something is created. */
    void readExtensions() throws FsException {
        long at = end;
        if (length - at > LONGEST_EXTENSIONS) {
            throw FsException.of(FsErrno.EINVAL);
        }
        ChainReader reader = chain().reader();
        while (at < length) {
            if (length - at < ExtHeader.SIZE) {
                throw FsException.of(FsErrno.EINVAL);
            }
            reader.seek(at);
            reader.read(in.at(0).bytes, 0, ExtHeader.SIZE);
            long size = in.get(ExtHeader.SIZE_FIELD);
            if (size < ExtHeader.SIZE || size > length - at) {
                throw FsException.of(FsErrno.EINVAL);
            }
            if (in.get(ExtHeader.TYPE) == EXT_GROUPS) {
                readGroups(reader, size - ExtHeader.SIZE);
            }
            at += size + 7 & ~7L;
        }
    }

    private void readGroups(ChainReader reader, long bytes) throws FsException {
        if (bytes < 4) {
            throw FsException.of(FsErrno.EINVAL);
        }
        reader.read(in.at(0).bytes, 0, 4);
        long count = in.get(FuseWire.SuppGroups.NR_GROUPS);
        if (count > MOST_GROUPS || count * 4 > bytes - 4) {
            throw FsException.of(FsErrno.EINVAL);
        }
        for (int i = 0; i < count; i++) {
            reader.read(in.at(0).bytes, 0, 4);
            groups[i] = device.options().groups.toBackend(in.get(FuseWire.SuppGroups.NR_GROUPS));
        }
        groupCount = (int) count;
    }

    // ── What it uses ───────────────────────────────────────────────────────

    private <T extends Counted> T hold(T thing) {
        held[heldCount++] = thing;
        return thing;
    }

    /** The node that it is about. */
    Node node() throws FsException {
        return node(nodeId());
    }

    Node node(long id) throws FsException {
        return hold(session().nodes().acquire(id));
    }

    /** A node that has to be a directory, for what is done with names in it. */
    Node directory(long id) throws FsException {
        Node node = node(id);
        if (!node.isDirectory()) {
            throw FsException.of(FsErrno.ENOTDIR);
        }
        return node;
    }

    /** An open file or directory, of the node that the request is about. */
    Handle handle(long id) throws FsException {
        return handle(id, nodeId());
    }

    Handle handle(long id, long nodeId) throws FsException {
        Handle handle = session().handles().acquire(id);
        if (handle == null) {
            throw FsException.of(FsErrno.EBADF);
        }
        hold(handle);
        if (handle.node.id != nodeId) {
            throw FsException.of(FsErrno.EBADF);
        }
        return handle;
    }

    /** A lookup that the reply tells of. */
    void entered(Node node) {
        entered.add(node);
    }

    /** An open file that the reply tells of. */
    void opened(Handle handle) {
        opened = handle;
    }

    /** The reply does not tell of them after all. */
    void undo() {
        for (Node node : entered) {
            node.forget(1);
        }
        entered.clear();
        if (opened != null) {
            opened.close();
            opened = null;
        }
    }

    /** The request is over: lets go of everything. */
    void finish() {
        busy = false;
        for (int i = heldCount - 1; i >= 0; i--) {
            held[i].release();
        }
        heldCount = 0;
    }

    // ── Who asks ───────────────────────────────────────────────────────────

    @Override
    public long user() {
        return device.options().users.toBackend(header.get(InHeader.UID));
    }

    @Override
    public long group() {
        return device.options().groups.toBackend(header.get(InHeader.GID));
    }

    @Override
    public long process() {
        return header.get(InHeader.PID);
    }

    @Override
    public int supplementaryGroups() {
        return groupCount;
    }

    @Override
    public long supplementaryGroup(int index) {
        return groups[index];
    }

    @Override
    public boolean isInterrupted() {
        return interruptedUnique == unique && unique != 0;
    }

    /** The driver gave up the request of a number; by any thread. */
    boolean interrupt(long which) {
        if (busy && unique == which) {
            // If another request takes its place just now, that has another number.
            interruptedUnique = which;
            return true;
        }
        return false;
    }

    // ── Data ───────────────────────────────────────────────────────────────

    /** Where a read puts its data: after the header of the reply. */
    ChainTarget target(long bytes) {
        ChainWriter writer = chain().writer();
        ChainTarget target = data.target;
        if (target == null) {
            target = new ChainTarget(writer);
            data.target = target;
        }
        writer.seek(HEADER);
        return target.over(writer, bytes);
    }

    /** Where a write takes its data from: what follows its structure. */
    ChainSource source(long bytes) {
        ChainReader reader = chain().reader();
        ChainSource source = data.source;
        if (source == null) {
            source = new ChainSource(reader);
            data.source = source;
        }
        return source.over(reader, bytes);
    }

    // ── Its reply ──────────────────────────────────────────────────────────

    /** The structure of the reply, to be filled in: zeroes. */
    Fields structure(int bytes) {
        reply.at(HEADER).clear(bytes);
        return reply;
    }

    boolean isAnswered() {
        return answered;
    }

    /** Success, with as many bytes of the structure. */
    void answer(int bytes) {
        header(HEADER + bytes, 0);
        ChainWriter writer = chain().writer();
        writer.seek(0);
        writer.write(reply.bytes, 0, HEADER + bytes);
        complete(HEADER + bytes);
    }

    void answer() {
        answer(0);
    }

    /** Success, with so many bytes that are in the reply already. */
    void answerWritten(long bytes) {
        header(HEADER + bytes, 0);
        ChainWriter writer = chain().writer();
        writer.seek(0);
        writer.write(reply.bytes, 0, HEADER);
        complete(HEADER + bytes);
    }

    /** Success, with bytes. */
    void answer(byte[] bytes) throws FsException {
        if (bytes.length > room()) {
            throw FsException.of(FsErrno.ERANGE);
        }
        ChainWriter writer = chain().writer();
        writer.seek(HEADER);
        writer.write(bytes);
        answerWritten(bytes.length);
    }

    /** Success, with a size. */
    void answerSize(long size) {
        structure(SizeOut.SIZE).set(SizeOut.SIZE_FIELD, size);
        answer(SizeOut.SIZE);
    }

    /** An error number, and nothing else. */
    void error(int number) {
        device.counts().count(FsCounter.ERRORS);
        header(HEADER, -number);
        ChainWriter writer = chain().writer();
        if (writer.length() < HEADER) {
            noAnswer();
            return;
        }
        writer.seek(0);
        writer.write(reply.bytes, 0, HEADER);
        complete(HEADER);
    }

    /** The request has no reply. */
    void noAnswer() {
        complete(0);
    }

    /** It is not answered now. */
    void parked() {
        answered = true;
        chain().park();
    }

    private void header(long bytes, int error) {
        reply.at(0);
        reply.set(OutHeader.LEN, bytes);
        reply.set(OutHeader.ERROR, error);
        reply.set(OutHeader.UNIQUE, unique);
    }

    private void complete(long bytes) {
        answered = true;
        // From now on, the driver may use the number again.
        busy = false;
        chain().complete(bytes);
    }
}
