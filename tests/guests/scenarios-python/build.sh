#!/usr/bin/env bash
# Builds the guest of scenarios in Python: build.sh FOLDER writes FOLDER/scenarios-python.wasm.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
output="$(realpath --canonicalize-missing "${1:?usage: build.sh FOLDER}")"
PATH="$root/target/python/bin:$PATH"

PYTHONPATH="$root/guest-sdk/python" python3 -m wrt_sdk.build "$here/scenarios" --output "$output/scenarios-python.wasm"
