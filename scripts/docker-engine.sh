#!/usr/bin/env bash
# A Docker engine of our own, for the docker runtime's tests: apart from any other engine of this machine, and gone
# again after `stop`, all but its images and its cache of layers.
#   scripts/docker-engine.sh start   installs the engine if it is missing (with apt), starts it, makes the base image
#                                    debian:bookworm-slim from packages, so that no registry is asked for it, and prints
#                                    the engine's DOCKER_HOST
#   scripts/docker-engine.sh stop    stops what `start` started
# Its data is in $ASSAY_STATE/engine (as root /var/lib/assay/engine). Root only: an engine is root anyway.
set -euo pipefail
cd "$(dirname "$0")/.."

state=${ASSAY_STATE:-/var/lib/assay}
data=$state/engine run=/run/assay-engine
socket=$run/docker.sock
base=debian:bookworm-slim
PATH=$PATH:/usr/sbin:/sbin
# docker's own client: the containers and images of this engine alone.
export DOCKER_HOST=unix://$socket

say() { echo "docker-engine: $*" >&2; }
alive() { [[ -S $socket ]] && docker version >/dev/null 2>&1; }

# The Debian packages that are missing, found by what they bring.
missing() {
  local command
  for command in dockerd:docker.io docker:docker.io iptables:iptables mmdebstrap:mmdebstrap; do
    command -v "${command%:*}" >/dev/null || echo "${command#*:}"
  done | sort -u
}

install_engine() {
  local packages policy=/usr/sbin/policy-rc.d made=
  packages=$(missing)
  [[ -n $packages ]] || return 0
  say "installing ${packages//$'\n'/ }"
  # The package would start an engine of its own.
  if [[ ! -e $policy ]]; then
    made=1
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  apt-get -qq update
  # shellcheck disable=SC2086 # a list of words
  DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 install $packages >&2
  [[ -z $made ]] || rm "$policy"
}

start() {
  [[ $(id -u) == 0 ]] || { say 'needs root'; exit 3; }
  install_engine
  mkdir -p "$data" "$run"
  # Two callers at once start one engine.
  exec 9>"$run/lock"
  flock 9
  if ! alive; then
    # The machine's own configuration is for another engine.
    echo '{}' >"$run/daemon.json"
    setsid dockerd --config-file "$run/daemon.json" --data-root "$data/data" --exec-root "$run/exec" \
      --pidfile "$run/docker.pid" --host "$DOCKER_HOST" >"$data/log" 2>&1 </dev/null 9>&- &
    for _ in $(seq 300); do
      if alive; then break; fi
      sleep 0.1
    done
    alive || { tail -n 20 "$data/log" >&2; say 'the engine does not start'; exit 1; }
  fi
  if ! docker image inspect "$base" >/dev/null 2>&1; then
    say "making $base"
    mmdebstrap --quiet --variant=minbase --include=ca-certificates bookworm - </dev/null |
      docker import --change 'CMD ["bash"]' - "$base" >/dev/null
  fi
  echo "$DOCKER_HOST"
}

stop() {
  local pid
  pid=$(cat "$run/docker.pid" 2>/dev/null) || return 0
  if [[ $(cat "/proc/$pid/comm" 2>/dev/null) != dockerd ]]; then return 0; fi
  kill "$pid"
  for _ in $(seq 300); do
    [[ -d /proc/$pid ]] || return 0
    sleep 0.1
  done
  say "the engine (process $pid) does not stop"
  exit 1
}

case ${1:-} in
  start) start ;;
  stop) stop ;;
  *) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
