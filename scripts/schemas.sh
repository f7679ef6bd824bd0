#!/usr/bin/env bash
# The JSON Schemas in schemas/ are what `assay schema NAME` prints.
#   scripts/schemas.sh           writes them
#   scripts/schemas.sh --check   changes nothing; fails if one differs
set -euo pipefail
cd "$(dirname "$0")/.."

stale=0
for name in recipe mixture task sample verdict manifest; do
  file=schemas/$name.json
  text=$(target/release/assay schema "$name")
  if [[ ${1:-} != --check ]]; then
    mkdir -p schemas
    printf '%s\n' "$text" >"$file"
  elif ! diff -u "$file" - <<<"$text"; then
    stale=1
  fi
done
[[ $stale == 0 ]] || { echo 'schemas/ is out of date: run `scripts/schemas.sh` and commit the result' >&2; exit 1; }
