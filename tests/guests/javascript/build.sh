#!/usr/bin/env bash
# Builds the JavaScript guest: build.sh FOLDER writes FOLDER/polyglot-javascript.wasm.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
output="$(realpath --canonicalize-missing "${1:?usage: build.sh FOLDER}")"
PATH="$here/node_modules/.bin:$PATH"

if ! command -v componentize-qjs esbuild > /dev/null; then
  echo "build.sh: find no componentize-qjs and esbuild: run 'cargo xtask setup', or see $here/README.md" >&2
  exit 1
fi
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# The guest's world together with the packages that it refers to.
mkdir -p "$work/wit/deps/wrt-workflow" "$work/wit/deps/wasi-random" "$output"
cp "$here/wit/world.wit" "$work/wit/"
cp "$root"/wit/*.wit "$work/wit/deps/wrt-workflow/"
cp "$here/wit/random.wit" "$work/wit/deps/wasi-random/"

# Without `async` functions of the engine's own; src/durable/globals/promise.js says why.
esbuild "$here/src/guest.js" --log-level=warning --bundle --format=esm --platform=neutral --main-fields=module,main \
  --target=es2022 --supported:async-await=false --supported:async-generator=false --supported:for-await=false \
  "--external:wrt:*" "--external:wasi:*" --define:global=globalThis --outfile="$work/guest.js"

# The runtime without the component model's own `async`, which the contract does not use.
(cd "$work" && componentize-qjs --sync --wit wit --world guest --js guest.js --output guest.wasm > /dev/null)
mv "$work/guest.wasm" "$output/polyglot-javascript.wasm"
