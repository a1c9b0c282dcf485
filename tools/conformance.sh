#!/bin/sh
# conformance.sh ROOT >docs/CONFORMANCE.md: the marks beside code and tests, by clause.
set -eu
cd "$1"
cat <<'END'
# Conformance

Written by `sh tools/conformance.sh . >docs/CONFORMANCE.md` from the marks beside the code (`= RFC8224-6.2.2`) and its tests (`= RFC8224-6.2.2 test`). A clause stands here when code
of ours meets a MUST of it.

| clause | code | tests |
|---|---|---|
END
grep -rnoE --include='*.c' --include='*.h' --include='*.sh' --include='*.py' --include='*.def' '(/\*|#)= [A-Za-z0-9.]+(-[A-Za-z0-9.]+)+( test)?' src include tests fuzz 2>/dev/null |
    grep -v '^tests/data/' |
    sed -E 's/^([^:]*):[0-9]*:(\/\*|#)= ([^ ]*)( test)?$/\3\t\1\t\4/' | LC_ALL=C sort -u | awk -F '\t' '
    function add(list, file) { return list == "" ? file : list ", " file }
    {
        if ($1 != clause) flush()
        clause = $1
        file = $2
        sub(/^src\//, "", file)
        sub(/^tests\//, "", file)
        if ($3 == "" && $2 !~ /^tests/) code = add(code, file)
        else tests = add(tests, file)
    }
    function flush(   shown) {
        if (clause == "") return
        shown = clause
        sub(/-[^-]*$/, "", shown)
        printf "| %s §%s | %s | %s |\n", shown, substr(clause, length(shown) + 2), code, tests
        code = tests = ""
    }
    END { flush() }' | sed -E 's/^\| RFC([0-9])/| RFC \1/' | LC_ALL=C sort -V
