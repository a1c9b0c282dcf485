#!/bin/sh
# The main job on real input: the whole framework on this machine, a provider that signs a call, the far end that verifies it, five attackers that fail, and a real carrier's call that is
# verified. Makes everything in a new folder.
# Usage: tools/demo.sh STIR  (the command; default build/stir)
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
stir=$(realpath "${1:-$top/build/stir}")
data=$top/tests/data
work=$(mktemp -d "${TMPDIR:-/tmp}/stir-demo.XXXXXX")
cd "$work"

if [ -t 1 ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); else bold='' plain=''; fi
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

title "The whole framework on this machine: from nothing to a call that is signed and verified"
printf '$ stir lab --once lab\n'
"$stir" lab --once lab
chain=lab/provider/current/chain.pem
x5u=$(cat lab/provider/current/x5u)
cp lab/signed.sip signed.sip

title "The same call, looked at by hand: a reason for every check"
run verify --invite signed.sip --cert "$chain" --trust lab/trust --any-url --explain

title "Five attacks, each failing for its own reason"
printf '\nThe number is changed on the way:\n'
sed 's/+12155551212/+12155559999/' signed.sip >changed.sip
fails_for orig-mismatch verify --invite changed.sip --cert "$chain" --trust lab/trust --any-url
printf '\nThe call is replayed an hour later:\n'
fails_for iat-stale verify --invite signed.sip --cert "$chain" --trust lab/trust --any-url --at $(($(date +%s) + 3600))
printf '\nSigned with a key that is not the certificate'\''s:\n'
grep -v '^Identity:' signed.sip >call.sip
"$stir" key new -o thief.key
"$stir" sign --key thief.key --x5u "$x5u" --any-url --attest A --invite call.sip >forged.sip
fails_for signature-bad verify --invite forged.sip --cert "$chain" --trust lab/trust --any-url
printf '\nSigned by provider 1234, whose certificate is real, over a token that claims the certificate of 709J:\n'
"$stir" key new -o thief-1234.key
"$stir" csr new --key thief-1234.key --spc 1234 --org 'Another Telephone Company' -o thief-1234.csr
"$stir" ca issue --conf lab/stir.conf --csr thief-1234.csr -o thief-1234.pem
"$stir" sign --key thief-1234.key --x5u "$x5u" --any-url --attest A --invite call.sip | sed "s|info=<[^>]*>|info=<https://cr.example.com/1234.pem>|" >other.sip
fails_for x5u-other verify --invite other.sip --cert thief-1234.pem --trust lab/trust --any-url
printf '\nHS256: the public key used as a shared secret, which another library accepts:\n'
hs256=$("$top/tools/forge-hs256.sh" "$chain" 12155551212 12025550100)
fails_for alg-other verify --identity "$hs256" --orig 12155551212 --dest 12025550100 --cert "$chain" --trust lab/trust

title "A real carrier's call of 2022-06-29, under its real root, at its time"
"$stir" cert show "$data/e2e/bandwidth-1656534336-chain.pem" | sed -n '1,4p'
awk '/BEGIN/{n++} {block[n]=block[n] $0 "\n"} END{printf "%s", block[n]}' "$data/e2e/bandwidth-1656534336-chain.pem" >real-root.pem
run verify --identity "@$data/e2e/bandwidth-1656534336.identity" --orig 19194442683 --dest 19842820280 --cert "$data/e2e/bandwidth-1656534336-chain.pem" --trust real-root.pem \
    --at 2022-06-29T20:25:40Z

title "What systems in the field really send"
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
  stir cert show $chain; stir cert lint $chain --profile all
  stir serve lab/stir.conf                       the same network again, until Ctrl-C
  stir tn '+1 (215) 555-1212' 911 '*67' --country 1
where stir is $stir. The manual: man -l $top/build/man/stir.1
END
