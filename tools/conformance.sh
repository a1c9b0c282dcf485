#!/bin/sh
# conformance.sh ROOT >docs/CONFORMANCE.md: what the RFCs ask, where it is met and what shows it.
exec python3 -B "$1/tools/proofs.py" "$1" conformance
