#!/bin/sh
# reasons.sh ROOT >docs/REASONS.md: the catalogue of reasons and the checks as a page.
set -eu
cd "$1"
cat <<'END'
# Reasons

Written by `sh tools/reasons.sh . >docs/REASONS.md` from `src/core/reasons.def` and `src/core/checks.def`: everything that a verdict can say.

A verdict asks these questions. The first check that fails, in this order and among those reached, gives the verdict its reason.

| check | asks |
|---|---|
END
awk -F '"' '/^C\(/ { printf "| %s | %s |\n", $2, $4 }' src/core/checks.def
cat <<'END'

Numbers and names are stable. *Shaken* and *strict* say what the preset makes of a reason (fail, warn, or off); a policy may say otherwise for each. A call that fails gets
the verstat and the SIP response; RFC 9410's Reason header and 3GPP's reasonCode carry the same code, ATIS-1000082 its own case and reasoncode.

END
awk -F '"' '
    /^\/\* [0-9]+: / { title = $0; gsub(/^\/\* [0-9]+: | \*\/$/, "", title); printf "%s## %s%s\n\n| number | reason | what it says | clause | check | shaken | strict | verstat | SIP | ATIS |\n|---|---|---|---|---|---|---|---|---|---|\n", n++ ? "\n" : "", toupper(substr(title, 1, 1)), substr(title, 2) }
    /^R\(/ {
        split($1, head, /[(,] */)
        split($3, after, /, */)
        split($5, atis, /, */)
        verstat = atis[4] == "NO" ? "No-TN-Validation" : "TN-Validation-Failed"
        check = tolower(atis[5])
        gsub(/_/, "-", check)
        printf "| %s | %s | %s | %s | %s | %s | %s | %s | %s %s | %s%s |\n", head[2], $2, $8, $6, check, tolower(after[2]), tolower(after[3]), verstat, after[4], $4,
               atis[2] ? "E" atis[2] ": " : "", atis[3]
    }' src/core/reasons.def
