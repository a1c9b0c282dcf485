#!/bin/sh
# The main job on real input: a provider signs a call, the far end verifies it, five attackers fail, and a real carrier's call is verified. Makes everything in a new folder.
# Usage: tools/demo.sh STIR  (the command; default build/stir)
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
stir=$(realpath "${1:-$top/build/stir}")
data=$top/tests/data
work=$(mktemp -d "${TMPDIR:-/tmp}/stir-demo.XXXXXX")
cd "$work"

if [ -t 1 ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); else bold= plain=; fi
title() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
# Show a command as a person would type it, then run it.
run() {
    printf '$ stir'
    for word in "$@"; do
        case "$word" in
        *[!A-Za-z0-9_./:=@,+-]*) printf " '%s'" "$word" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    "$stir" "$@"
}
# The attack must fail, and for this reason; anything else ends the demo.
fails_for() {
    want=$1
    shift
    if out=$(run "$@"); then
        printf '%s\nThe attack went through. This must never happen.\n' "$out"
        exit 1
    fi
    printf '%s\n' "$out"
    case "$out" in
    *"reason=$want "*) ;;
    *)
        printf 'It failed, but not for the reason %s.\n' "$want"
        exit 1
        ;;
    esac
}

title "1. A certificate authority and a provider, service provider code 709J"
run key new -o root.key
run cert root --key root.key --cn 'SHAKEN Demo ROOT' --org 'Demo Authority' -o root.pem
run key new -o ca.key
run cert intermediate --key ca.key --cn 'SHAKEN Demo Intermediate' --org 'Demo Authority' --issuer root.pem --issuer-key root.key -o ca.pem
run key new -o sp.key
run csr new --key sp.key --spc 709J --org 'Demo Telephone Company' -o sp.csr
run cert sign --csr sp.csr --issuer ca.pem --issuer-key ca.key -o sp.pem
cat sp.pem ca.pem >chain.pem
run cert lint chain.pem

title "2. The provider signs a call: an INVITE goes in, the INVITE with its Identity comes out"
cp "$data/sip/unsigned.sip" call.sip
printf '$ stir sign --key sp.key --cert sp.pem --x5u https://cr.example.com/709J.pem --attest A --invite call.sip >signed.sip\n'
"$stir" sign --key sp.key --cert sp.pem --x5u https://cr.example.com/709J.pem --attest A --invite call.sip >signed.sip
grep -E '^(INVITE|From|To|Date|Identity)' signed.sip | cut -c 1-150

title "3. The far end verifies it, with a reason for every check"
run verify --invite signed.sip --cert chain.pem --trust root.pem --explain

title "4. Five attacks, each failing for its own reason"
printf '\nThe number is changed on the way:\n'
sed 's/+12155551212/+12155559999/' signed.sip >changed.sip
fails_for orig-mismatch verify --invite changed.sip --cert chain.pem --trust root.pem
printf '\nThe call is replayed an hour later:\n'
fails_for iat-stale verify --invite signed.sip --cert chain.pem --trust root.pem --at $(($(date +%s) + 3600))
printf '\nSigned with a key that is not the certificate'\''s:\n'
"$stir" key new -o thief.key
"$stir" sign --key thief.key --x5u https://cr.example.com/709J.pem --attest A --invite call.sip >forged.sip
fails_for signature-bad verify --invite forged.sip --cert chain.pem --trust root.pem
printf '\nSigned by provider 1234, whose certificate is real, over a token that claims the certificate of 709J:\n'
"$stir" key new -o thief-1234.key
"$stir" csr new --key thief-1234.key --spc 1234 --org 'Another Telephone Company' -o thief-1234.csr
"$stir" cert sign --csr thief-1234.csr --issuer ca.pem --issuer-key ca.key -o thief-1234.pem
cat thief-1234.pem ca.pem >thief-chain.pem
"$stir" sign --key thief-1234.key --x5u https://cr.example.com/709J.pem --attest A --invite call.sip |
    sed 's|info=<https://cr.example.com/709J.pem>|info=<https://cr.example.com/1234.pem>|' >other.sip
fails_for x5u-other verify --invite other.sip --cert thief-chain.pem --trust root.pem
printf '\nHS256: the public key used as a shared secret, which another library accepts:\n'
hs256=$("$top/tools/forge-hs256.sh" sp.pem 12155551212 12155551213)
fails_for alg-other verify --identity "$hs256" --orig 12155551212 --dest 12155551213 --cert chain.pem --trust root.pem

title "5. A real carrier's call of 2022-06-29, under its real root, at its time"
"$stir" cert show "$data/e2e/bandwidth-1656534336-chain.pem" | sed -n '1,4p'
awk '/BEGIN/{n++} {block[n]=block[n] $0 "\n"} END{printf "%s", block[n]}' "$data/e2e/bandwidth-1656534336-chain.pem" >real-root.pem
run verify --identity "@$data/e2e/bandwidth-1656534336.identity" --orig 19194442683 --dest 19842820280 --cert "$data/e2e/bandwidth-1656534336-chain.pem" --trust real-root.pem \
    --at 2022-06-29T20:25:40Z

title "6. What systems in the field really send"
for seed in 2 3 4a 4b; do
    printf '\n'
    case $seed in
    3) run show "@$data/sip/seed-3.sip" ;;
    *) run show "@$data/headers/seed-$seed.identity" ;;
    esac
done

title "Done. Everything is in $work"
cat <<END
Try next, there:
  stir show @signed.sip                          what is in a message
  stir verify --help                             CRLs, other policies, JSON
  stir cert show chain.pem; stir cert lint chain.pem --profile all
  stir tn '+1 (215) 555-1212' 911 '*67' --country 1
where stir is $stir. The manual: man -l $top/build/man/stir.1
END
