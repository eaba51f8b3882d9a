# SPDX-License-Identifier: Apache-2.0
#
# What `run --demo` prints of guest-results.tsv: the tables of the demo without a guest, one for each test.

BEGIN { FS = "\t"; who = "%-8s %-10s %-7s "; figures = "%10s %11s %8s %7s  %s\n" }

NR == 1 { next }

{
    rows++
    sub(/^[^:]*: /, "", $1)
    sub(/, .*/, "", $1)
    if ($1 != heading) {
        heading = $1
        printf "%s%s\n", rows == 1 ? "" : "\n", heading
        printf who figures, "device", "transport", "ring", "operations", "bytes", "time", "errors", ""
    }
    if ($9 !~ /^passed/) failed++
    printf who figures, $2, tolower($3), $4, count($6), bytes($7), sprintf("%.2f s", $10), count($8), $9
    key = $2 "\t" $4 "\t" $11
    if (!(key in transports)) {
        kinds[++kind] = key
        transports[key] = tolower($3)
    } else if (index(transports[key], tolower($3)) == 0) {
        transports[key] = transports[key] ", " tolower($3)
    }
}

END {
    printf "\n" who "features negotiated\n", "device", "transport", "ring"
    for (k = 1; k <= kind; k++) {
        split(kinds[k], part, "\t")
        line = sprintf(who, part[1], transports[kinds[k]], part[2])
        words = split(part[3], word, " ")
        used = 0
        for (w = 1; w <= words; w++) {
            if (used > 0 && used + 1 + length(word[w]) > 52) {
                print line
                line = sprintf("%28s", "")
                used = 0
            }
            line = line (used > 0 ? " " : "") word[w]
            used += length(word[w]) + (used > 0)
        }
        print line
    }
    if (failed > 0) printf "\n%d of %d runs failed.\n", failed, rows
    else printf "\nAll %d runs did what they should.\n", rows
}

function count(n,   rest) {
    rest = ""
    while (length(n) > 3) {
        rest = "," substr(n, length(n) - 2) rest
        n = substr(n, 1, length(n) - 3)
    }
    return n rest
}

function bytes(n,   unit, u) {
    if (n == "-") return n
    split("B KiB MiB GiB TiB", unit, " ")
    for (u = 1; n >= 1024 && u < 5; u++) n /= 1024
    return u == 1 ? n " B" : sprintf("%.1f %s", n, unit[u])
}
