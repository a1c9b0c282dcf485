#!/bin/sh
# A telephone network in one folder: keys and certificates, `stir serve`, Kamailio, and a call by SIPp that is signed on its way out and verified on its way in.
# Usage: examples/kamailio/lab.sh FOLDER [302|http [NET [STIR]]]
# Everything listens on NET.1 and the like (default 127.0.0, nothing else is touched), needs no root, and ends with this script. The files stay in FOLDER, to look at and to go on with.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
lab=${1:?usage: lab.sh FOLDER [302|http [NET [STIR]]]}
way=${2:-302}
net=${3:-127.0.0}
stir=$(realpath "${4:-$here/../../build/stir}")
case "$way" in 302 | http) ;; *) printf 'lab.sh: the way is 302 or http, not "%s"\n' "$way" >&2; exit 2 ;; esac
for program in kamailio sipp openssl curl; do
    PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || { printf 'lab.sh: %s is missing: apt-get install kamailio kamailio-utils-modules sip-tester openssl curl\n' "$program" >&2; exit 3; }
done
PATH=$PATH:/usr/sbin
mkdir -p "$lab"
lab=$(realpath "$lab")
cd "$lab"
say() { printf '\n== %s\n' "$*"; }

say "1. A certificate authority, our key and certificate, and whom we believe"
"$stir" key new -o root.key
"$stir" cert root --key root.key --cn 'SHAKEN Lab ROOT' --org Lab -o root.pem
"$stir" key new -o main.key
"$stir" csr new --key main.key --spc 709J --org 'Lab Telephone' -o main.csr
"$stir" cert sign --csr main.csr --issuer root.pem --issuer-key root.key -o main.pem
mkdir -p cr trust evidence
cp main.pem cr/
"$stir" trust import --pem root.pem trust

say "2. A certificate for HTTPS, which is another thing (Let's Encrypt gives yours)"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tls.key -out tls.pem -subj "/CN=$net.1" -addext "subjectAltName=IP:$net.1" -days 30 2>/dev/null
chmod 600 tls.key

say "3. The files of examples/kamailio, with the addresses of this lab"
printf '12155550000-12155559999 17\n' >numbers.txt
sed -e "s|/etc/stir|$lab|; s|/var/lib/stir|$lab|; s|/run/stir|$lab|; s|cr\.example\.com|$net.1|; s|192\.0\.2\.1\([:/]\)|$net.1\1|" \
    -e "/^addresses/!s|127\.0\.0\.1|$net.1|g" -e "s|^addresses = 127\.0\.0\.1/32 127\.0\.0\.1/32|addresses = 127.0.0.1/32|" \
    -e "s|^user = .*|user = $(id -un)|" -e "s|^\[signer main\]|&\ncheck-x5u = no|" "$here/stir.conf" >stir.conf
cat >>stir.conf <<END_OF_LAB

# A lab: certificates at addresses, ports of our own, on this machine.
[sign]
any-url = yes

[verify]
any-url = yes

[fetch]
any-url = yes
allow-net = $net.0/24
tls-root = $lab/tls.pem
END_OF_LAB
sed "s|192\.0\.2\.17|$net.17|; s|198\.51\.100\.0 24|$net.1 32|" "$here/trunks.list" >trunks.list
sed "s|127\.0\.0\.1|$net.1|; s|198\.51\.100\.1|$net.1|; s|192\.0\.2\.5|$net.5|" "$here/gateways.list" >gateways.list # the other network is Kamailio itself
sed "s|192\.0\.2\.1|$net.1|; s|127\.0\.0\.1|$net.1|; s|/etc/kamailio|$lab|" "$here/kamailio.cfg" >kamailio.cfg
[ "$way" = 302 ] || sed -i 's|^##!define WITH_HTTP|#!define WITH_HTTP|' kamailio.cfg
cp "$here/ask-302.cfg" "$here/ask-http.cfg" .
"$stir" conf check stir.conf

say "4. stir serve, and Kamailio"
"$stir" serve stir.conf >stir.log 2>&1 &
daemon=$!
mkdir -p run
kamailio -DD -E -f kamailio.cfg -Y "$lab/run" -P "$lab/run/pid" >kamailio.log 2>&1 &
proxy=$!
callee=
# shellcheck disable=SC2064  # now, on purpose
trap "kill $daemon $proxy 2>/dev/null; [ -z \"\$callee\" ] || kill -9 \"\$callee\" 2>/dev/null; wait 2>/dev/null" EXIT INT TERM
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    ready=$(curl -s -o /dev/null -w '%{http_code}' "http://$net.1:8080/readyz" || true)
    [ "$ready" != 200 ] || break
    sleep 0.5
done
[ "$ready" = 200 ] || { printf 'lab.sh: stir serve is not ready:\n'; cat stir.log; exit 1; }
sleep 1

say "5. A call from 1 215 555 1212, a number of customer 17"
printf 'SEQUENTIAL\n+12155551212;+12025550100;-\n' >call.csv
sipp -sf "$here/callee.xml" -i "$net.5" -p 5060 -nostdin -aa -trace_msg -message_file "$lab/heard.txt" >/dev/null 2>&1 &
callee=$!
sipp -sf "$here/caller.xml" -i "$net.17" -p 5060 -nostdin -m 1 -r 1 -timeout 20s -timeout_error -inf call.csv "$net.1:5060" >caller.log 2>&1 || { printf 'lab.sh: the call failed; caller.log, kamailio.log and stir.log say more\n'; tail -n 5 stir.log; exit 1; }

say "What its callee heard"
sed -n '/^INVITE/,/^v=0/p' heard.txt | grep -E '^(INVITE|From|Date|Identity|P-Asserted-Identity|X-Stir)' | cut -c 1-150
grep -q 'verstat=TN-Validation-Passed' heard.txt || { printf 'lab.sh: the call was not verified; stir.log says why\n'; exit 1; }
say "Signed and verified. The files are in $lab; go on with:"
cat <<END_OF_LAB
  $stir serve $lab/stir.conf
  kamailio -DD -E -f $lab/kamailio.cfg -Y $lab/run -P $lab/run/pid
  curl http://$net.1:8080/metrics
END_OF_LAB
