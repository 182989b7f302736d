#!/usr/bin/env bash
# Builds the guest of scenarios in Go: build.sh FOLDER writes FOLDER/scenarios-go.wasm.
set -euo pipefail

output="$(realpath --canonicalize-missing "${1:?usage: build.sh FOLDER}")"
cd "$(dirname "${BASH_SOURCE[0]}")"

if ! command -v go > /dev/null; then
  echo "build.sh: find no go: install Go 1.26 or newer" >&2
  exit 1
fi
mkdir -p "$output"
go run wrt.dev/sdk/cmd/wrt-go build -o "$output/scenarios-go.wasm" .
