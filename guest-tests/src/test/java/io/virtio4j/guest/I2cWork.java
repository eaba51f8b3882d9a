// SPDX-License-Identifier: Apache-2.0
package io.virtio4j.guest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.virtio4j.i2c.I2cAddress;
import io.virtio4j.i2c.I2cCounter;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What a guest does with a board on an I2C bus, and what Java sees of it. */
record I2cWork(LinuxGuest guest, I2cBoard board) {

    private static final Duration LONG = Duration.ofSeconds(180);
    private static final List<Integer> PARTS = List.of(
        I2cBoard.EXPANDER, I2cBoard.REGISTERS, I2cBoard.SENSOR, I2cBoard.MEMORY, I2cBoard.CLOCK);

    private static final String DEVICES = "/sys/bus/i2c/devices";

    private String run(String script) {
        return guest.run(script, LONG).success();
    }

    private void fails(String script) {
        assertNotEquals(0, guest.run(script, LONG).status(), script);
    }

    private long count(I2cCounter counter) {
        return board.device().counters().get(counter);
    }

    // ── i2c-tools ──────────────────────────────────────────────────────────

    void probe() {
        assertTrue(run("i2cdetect -l").matches("i2c-0\\s+i2c\\s+i2c_virtio at virtio bus \\d+\\s+I2C adapter"));
        String functions = run("i2cdetect -F 0");
        for (String function : List.of("I2C", "SMBus Quick Command", "SMBus Send Byte", "SMBus Receive Byte",
            "SMBus Write Word", "SMBus Read Word", "SMBus Process Call", "SMBus Block Write", "I2C Block Read")) {
            assertTrue(Pattern.compile("(?m)^" + function + "\\s+yes$").matcher(functions).find(), functions);
        }
        for (String mode : List.of("", "-q", "-r")) {
            assertEquals(new TreeSet<>(PARTS), found("i2cdetect -y " + mode + " 0"), mode);
        }
        // Reserved addresses too: 0x78 to 0x7b are taken as the beginning of addresses of 10 bits.
        assertEquals(new TreeSet<>(PARTS), found("i2cdetect -y -a 0"));
        assertEquals(new TreeSet<>(List.of(I2cBoard.SENSOR, I2cBoard.MEMORY)), found("i2cdetect -y 0 0x40 0x5f"));
    }

    /** The addresses in the table that i2cdetect prints. */
    private TreeSet<Integer> found(String command) {
        TreeSet<Integer> found = new TreeSet<>();
        Matcher matcher = Pattern.compile("(?<=\\s)([0-9a-f]{2})(?=\\s|$)").matcher(
            run(command).lines().skip(1).map(line -> line.substring(3)).collect(Collectors.joining("\n", " ", "")));
        while (matcher.find()) {
            found.add(Integer.parseInt(matcher.group(1), 16));
        }
        return found;
    }

    void bytesAndWords() {
        run("i2cset -y 0 0x50 0x10 0x5a && sleep 0.1");
        assertEquals(0x5A, board.memory().content()[0x10]);
        assertEquals("0x5a", run("i2cget -y 0 0x50 0x10"));
        // The sensor sends the high byte first, SMBus the low one.
        run("i2cset -y 0 0x48 3 0x801e w");
        assertEquals("0x801e", run("i2cget -y 0 0x48 3 w"));
        run("i2cset -y 0 0x20 0xa5");
        assertEquals(0xA5, board.expander().latch());
        board.expander().drive(0, false);
        assertEquals("0xa4", run("i2cget -y 0 0x20"));
        board.expander().drive(0, true);
        run("i2cset -y -m 0x0f 0 0x50 0x10 0x01 && sleep 0.1");
        assertEquals("0x51", run("i2cget -y 0 0x50 0x10"));
    }

    void blocks() {
        run("i2cset -y 0 0x2c 0x80 1 2 3 4 s");
        assertEquals(List.of(4, 1, 2, 3, 4), board.registers().register(0x80));
        String most = IntStream.rangeClosed(1, 32).mapToObj(Integer::toString).collect(Collectors.joining(" "));
        run("i2cset -y 0 0x2c 0x81 " + most + " s");
        assertEquals(33, board.registers().register(0x81).size());
        run("i2cset -y 0 0x2c 0x82 " + most + " i");
        assertEquals(32, board.registers().register(0x82).size());
        assertEquals("0x01 0x02 0x03 0x04 0x05 0x06 0x07 0x08", run("i2cget -y 0 0x2c 0x82 i 8"));
        // With a packet error code: written after the data, and checked when read.
        run("i2cset -y 0 0x2c 0x83 0x77");
        assertEquals("0x77", run("i2cget -y 0 0x2c 0x83 bp"));
        run("i2cset -y 0 0x2c 0x84 0x1234 wp");
        assertEquals(3, board.registers().register(0x84).size());
        // Linux's driver does not know how to ask for a block of unknown length.
        fails("i2cget -y 0 0x2c 0x80 s");
    }

    void dumps() {
        byte[] content = new byte[256];
        for (int i = 0; i < content.length; i++) {
            content[i] = (byte) (i * 7 + 1);
        }
        board.memory().program(0, content);
        for (String mode : List.of("b", "i")) {
            assertArrayEquals(content, dumped(run("i2cdump -y 0 0x50 " + mode)), mode);
        }
        String words = run("i2cdump -y 0 0x50 w");
        assertTrue(words.contains("00: 0801 0f08 160f"), words);
        String consecutive = run("i2cdump -y 0 0x50 c");
        assertArrayEquals(content, dumped(consecutive));
    }

    /** The bytes in the table that i2cdump prints. */
    private static byte[] dumped(String table) {
        String hex = table.lines().filter(line -> line.matches("[0-9a-f]0: .*"))
            .map(line -> line.substring(4, 51)).collect(Collectors.joining(" "));
        return HexFormat.ofDelimiter(" ").parseHex(hex);
    }

    void transfers() {
        board.memory().program(0x40, (byte) 0xDE, (byte) 0xAD, (byte) 0xBE, (byte) 0xEF);
        assertEquals("0xde 0xad 0xbe 0xef", run("i2ctransfer -y 0 w1@0x50 0x40 r4"));
        long transactions = count(I2cCounter.TRANSACTIONS);
        // Six messages to three parts, as one transaction.
        assertEquals("0xde 0xad\n0x1e", run(
            "i2ctransfer -y 0 w1@0x20 0x3c w1@0x50 0x40 r2 w2@0x48 3 0x1e w1 3 r1").strip());
        assertEquals(transactions + 1, count(I2cCounter.TRANSACTIONS));
        assertEquals(0x3C, board.expander().latch());
        run("i2ctransfer -y 0 w9@0x50 0x48 1+ && sleep 0.1");
        assertEquals(8, board.memory().content()[0x4F]);
        assertEquals("0x08", run("i2ctransfer -y 0 w1@0x50 0x4f r1"));
        // As much as i2c-dev takes: memory goes round.
        assertEquals(8192, run("i2ctransfer -y 0 w1@0x50 0 r8192").split(" ").length);
        assertEquals(0, count(I2cCounter.GROUPS_CUT));
    }

    // ── Faults ─────────────────────────────────────────────────────────────

    void faults() {
        fails("i2cget -y 0 0x51 0");
        I2cAddress memory = I2cAddress.of(I2cBoard.MEMORY);
        board.bus().faults().nackAddress(memory, 1);
        fails("i2cget -y 0 0x50 0");
        run("i2cget -y 0 0x50 0");
        board.bus().faults().nackData(memory, 0);
        transfersOnly(0, 2, "w1@0x50 0 r1");
        board.bus().faults().loseArbitration(1);
        fails("i2cget -y 0 0x50 0");
        board.bus().faults().stick();
        fails("i2cget -y 0 0x50 0");
        fails("i2cget -y 0 0x48 0 w");
        assertEquals(new TreeSet<>(), found("i2cdetect -y 0"));
        board.bus().faults().free();
        run("i2cget -y 0 0x50 0");
        // The first message succeeds, the second fails: what follows is not attempted.
        long before = count(I2cCounter.NOT_ATTEMPTED);
        transfersOnly(1, 3, "w1@0x20 0x77 w1@0x51 0 w1@0x20 0x11");
        assertEquals(0x77, board.expander().latch());
        assertEquals(before + 1, count(I2cCounter.NOT_ATTEMPTED));
        board.bus().detach(memory);
        fails("i2cget -y 0 0x50 0");
        board.bus().attach(memory, board.memory());
        run("i2cget -y 0 0x50 0");
    }

    /** Linux tells a program how many messages succeeded, which i2ctransfer takes for a warning. */
    private void transfersOnly(int sent, int all, String messages) {
        String said = guest.run("i2ctransfer -y 0 " + messages + " 2>&1", LONG).output();
        assertTrue(said.contains("only " + sent + "/" + all + " messages were sent"), said);
    }

    // ── 10 bits ────────────────────────────────────────────────────────────

    /** One message by I2C_RDWR, without a program that checks addresses; prints what was read. */
    private String message(int address, int flags, int data) {
        return """
            LC_ALL=C perl -e 'open(my $bus, "+<", "/dev/i2c-0") or die;
                my $data = pack("C", %d);
                my $message = pack("SSSx2P", %d, %d, 1, $data);
                my $transaction = pack("PLx4", $message, 1);
                ioctl($bus, 0x0707, $transaction) == 1 or exit(1);
                printf("0x%%02x\\n", unpack("C", $data));'
            """.formatted(data, address, flags);
    }

    /** Linux shifts the address, whatever it is: so the right bits come out, if the right ones go in. */
    void tenBits() {
        int address = (I2cBoard.FAR & 0xFF) << 7 | 0x78 | I2cBoard.FAR >> 8;
        run(message(address, 0, 0x5C));
        assertEquals(0x5C, board.far().value());
        assertEquals("0xa3", run(message(address, 1, 0)));
        // What Linux makes of the flag I2C_M_TEN is no address.
        long before = count(I2cCounter.INVALID);
        fails(message(I2cBoard.FAR, 0x10, 1));
        assertEquals(before + 1, count(I2cCounter.INVALID));
    }

    // ── More ───────────────────────────────────────────────────────────────

    void severalAtOnce() {
        board.memory().program(0x60, (byte) 0x66);
        run("""
            work() {
                for i in $(seq 25); do
                    [ "$(i2ctransfer -y 0 w1@0x50 0x60 r1)" = 0x66 ] || exit 1
                    [ "$(i2cget -y 0 0x2c 0x82 b)" = 0x01 ] || exit 1
                done
            }
            work & first=$!
            work & second=$!
            work || exit 1
            wait $first || exit 1
            wait $second
            """);
    }

    void rebind() {
        run("""
            cd /sys/bus/virtio/drivers/i2c_virtio
            device=$(basename $(echo virtio*))
            for i in $(seq 20); do
                echo $device > unbind
                echo $device > bind
                bus=$(basename $(echo $device/i2c-*))
                i2cget -y ${bus#i2c-} 0x50 0x60 > /dev/null || exit 1
            done
            """);
    }

    // ── Drivers of the kernel ──────────────────────────────────────────────

    private void bind(String driver, int address) {
        run("echo %s 0x%02x > %s/i2c-0/new_device".formatted(driver, address, DEVICES));
    }

    void at24() {
        bind("24c02", I2cBoard.MEMORY);
        String file = DEVICES + "/0-0050/eeprom";
        assertEquals("256", run("wc -c < " + file));
        // The driver waits for each page, as long as the part does not acknowledge.
        run("dd if=/dev/urandom of=/tmp/content bs=256 count=1 2>/dev/null && cat /tmp/content > " + file);
        assertEquals("", run("cmp /tmp/content " + file));
        assertArrayEquals(Base64.getMimeDecoder().decode(run("base64 /tmp/content")), board.memory().content());
        board.memory().program(100, (byte) 'J', (byte) 'a', (byte) 'v', (byte) 'a');
        assertEquals("Java", run("dd if=" + file + " bs=1 skip=100 count=4 2>/dev/null"));
        run("printf Linux | dd of=" + file + " bs=1 seek=61 2>/dev/null");
        assertEquals("Linux", new String(board.memory().content(), 61, 5));
        assertTrue(count(I2cCounter.ADDRESS_NACKS) > 0, "the part was busy at times");
    }

    void lm75() {
        bind("lm75", I2cBoard.SENSOR);
        String hwmon = run("echo " + DEVICES + "/0-0048/hwmon/hwmon*");
        for (double degrees : new double[] {21.5, -12.5, 0, 99.5}) {
            board.celsius(degrees);
            String expected = Integer.toString((int) (degrees * 1000));
            run("""
                for i in $(seq 50); do
                    [ $(cat %s/temp1_input) = %s ] && exit 0
                    sleep 0.1
                done
                cat %s/temp1_input
                exit 1
                """.formatted(hwmon, expected, hwmon));
        }
        board.celsius(25);
        run("echo 28000 > " + hwmon + "/temp1_max_hyst && echo 30000 > " + hwmon + "/temp1_max");
        assertEquals("30000", run("cat " + hwmon + "/temp1_max"));
        run("sleep 0.3; cat " + hwmon + "/temp1_input");
        assertTrue(board.sensor().pin(), "no alert at 25 degrees");
        board.celsius(31);
        run("for i in $(seq 50); do [ $(cat %s/temp1_input) = 31000 ] && exit 0; sleep 0.1; done; exit 1"
            .formatted(hwmon));
        assertTrue(board.sensor().isAlerting());
    }

    void ds1307() {
        bind("ds1307", I2cBoard.CLOCK);
        String rtc = run("echo " + DEVICES + "/0-0068/rtc/rtc*");
        String device = "/dev/" + rtc.substring(rtc.lastIndexOf('/') + 1);
        board.clock().set(LocalDateTime.of(2031, 2, 3, 4, 5, 6));
        assertEquals("2031-02-03", run("cat " + rtc + "/date"));
        assertTrue(run("cat " + rtc + "/time").startsWith("04:0"));
        run("date -u -s '2040-12-31 23:59:58' && hwclock -u -w -f " + device);
        LocalDateTime set = LocalDateTime.of(2040, 12, 31, 23, 59, 58);
        LocalDateTime now = board.clock().time();
        assertTrue(!now.isBefore(set) && now.isBefore(set.plusMinutes(3)), now::toString);
        String read = run("hwclock -u -r -f " + device);
        assertTrue(read.contains("2040") || read.contains("2041"), read);
        run("printf kept | dd of=$(echo /sys/bus/nvmem/devices/ds1307*/nvmem) bs=1 seek=3 2>/dev/null");
        assertEquals('k', board.clock().ram(3));
    }

    /** The expander becomes a GPIO chip of the guest. */
    void pcf857x() {
        bind("pcf8574", I2cBoard.EXPANDER);
        String detected = run("gpiodetect");
        assertTrue(detected.contains("[pcf8574] (8 lines)"), detected);
        String chip = detected.substring(0, detected.indexOf(' '));
        board.expander().drive(6, false);
        assertEquals("0 1", run("gpioget --numeric -c " + chip + " 6 5"));
        run("gpioset -c " + chip + " --toggle 0 2=0");
        assertEquals(0, board.expander().latch() & 1 << 2);
    }
}
