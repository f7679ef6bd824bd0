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
ignored() { cargo test --workspace --release --locked --quiet "$@" -- --list --ignored 2>/dev/null | sed -n 's/: test$//p'; }

# The docker runtime's suite is ignored by itself, and run where an engine answers (scripts/docker-engine.sh starts one).
engine() {
  python3 - "${DOCKER_HOST:-unix:///var/run/docker.sock}" <<'PING' 2>/dev/null
import socket, sys
with socket.socket(socket.AF_UNIX) as s:
    s.settimeout(10)
    s.connect(sys.argv[1].removeprefix("unix://"))
    s.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
    sys.exit(b"200 OK" not in s.recv(100))
PING
}

failed=0
skipped=$(ignored)
if engine; then
  skipped=$(grep -vxF -f <(ignored --test docker --test hostile) <<<"$skipped" || true)
  cargo test --workspace --release --locked --no-fail-fast --test docker --test hostile -- \
    --ignored --skip owner_to_be_killed || failed=$?
else
  echo "skipped suite: the docker runtime's tests, for want of a Docker engine: scripts/docker-engine.sh start"
fi
# What no package registry has, and what not every machine has: suites that are ignored by themselves, and run where it is.
suite() { # WHAT IS MISSING, COMMAND THAT FINDS IT, TEST BINARY, TEST
  if eval "$2"; then
    skipped=$(grep -vxF "$4" <<<"$skipped" || true)
    cargo test --workspace --release --locked --test "$3" -- --ignored --exact "$4" || failed=$?
  else
    echo "skipped suite: $4, for want of $1"
  fi
}
suite 'a `renode` on the PATH' 'command -v renode >/dev/null' renode real::a_real_renode_does_what_the_recorded_one_did
suite 'the image renode: assay sandbox build renode' 'target/release/assay sandbox list | grep -q ^renode' it \
  stm32f407::renode_agrees_with_the_board
gpu() { compgen -G '/dev/nvidia[0-9]*' >/dev/null; }
if gpu; then target/release/assay sandbox build cuda_gpu || failed=$?; fi
suite 'a GPU (/dev/nvidia0) and the image cuda_gpu' 'gpu && target/release/assay sandbox list | grep -q ^cuda_gpu' it \
  cuda::a_gpu_agrees_with_the_emulation
echo "skipped tests: $(grep -c . <<<"$skipped" || true)"
[[ -z $skipped ]] || sed 's/^/  /' <<<"$skipped"
# A test must not rewrite what it compares with.
INSTA_UPDATE=no cargo test --workspace --release --locked --no-fail-fast || failed=$?
exit "$failed"
