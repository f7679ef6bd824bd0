#!/usr/bin/env bash
# Runs all tests; names those that are skipped, and so prove nothing, before cargo's own result lines.
set -euo pipefail
cd "$(dirname "$0")/.."

# One state for the tests of every crate: the images that were just built.
if [[ -z ${ASSAY_STATE:-} && -e .assay ]]; then
  ASSAY_STATE=$(readlink -f .assay)
  export ASSAY_STATE
fi

cargo test --workspace --release --locked --no-run
skipped=$(cargo test --workspace --release --locked --quiet -- --list --ignored 2>/dev/null | sed -n 's/: test$//p')
echo "skipped tests: $(grep -c . <<<"$skipped" || true)"
[[ -z $skipped ]] || sed 's/^/  /' <<<"$skipped"
# A test must not rewrite what it compares with.
INSTA_UPDATE=no exec cargo test --workspace --release --locked --no-fail-fast
