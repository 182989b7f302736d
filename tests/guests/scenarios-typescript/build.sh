#!/usr/bin/env bash
# Builds the guest of the scenarios in TypeScript: build.sh FOLDER writes FOLDER/scenarios-typescript.wasm.
# WRT names the program that builds, for instance a debug build; the default is `wrt`.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
output="$(realpath --canonicalize-missing "${1:?usage: build.sh FOLDER}")"

mkdir -p "$output"
"${WRT:-wrt}" build "$here/src/scenarios.ts" --out "$output/scenarios-typescript.wasm"
