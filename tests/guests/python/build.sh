#!/usr/bin/env bash
# Builds the Python guest: build.sh FOLDER writes FOLDER/polyglot-python.wasm.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
output="$(realpath --canonicalize-missing "${1:?usage: build.sh FOLDER}")"
PATH="$root/target/python/bin:$PATH"

if ! command -v componentize-py > /dev/null; then
  echo "build.sh: find no componentize-py: run 'cargo xtask setup', or see $here/README.md" >&2
  exit 1
fi
mkdir -p "$output"
componentize-py --quiet --wit-path "$root/wit" --world workflow \
  componentize --python-path "$here" --output "$output/polyglot-python.wasm" guest
