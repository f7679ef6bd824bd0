#!/usr/bin/env bash
# Runs docker-compose.yml for real on an engine that reaches no registry: the worker's image from the program that this
# machine built, Postgres from Debian's packages. Then the hostile programs inside a worker, and a recipe over two workers.
#   DOCKER_HOST=$(scripts/docker-engine.sh start) scripts/compose/trial.sh
set -euo pipefail
cd "$(dirname "$0")/../.."

files=(-f docker-compose.yml -f scripts/compose/trial.yml)
if [[ -d /sys/fs/cgroup/memory ]]; then files+=(-f docker-compose.cgroup1.yml); else files+=(-f docker-compose.cgroup2.yml); fi
compose() { docker-compose --project-name assay-trial "${files[@]}" "$@"; }

trap 'compose down --volumes --remove-orphans' EXIT
docker build --tag assay-trial-postgres --file scripts/compose/postgres.Dockerfile scripts/compose
POSTGRES_IMAGE=assay-trial-postgres
export POSTGRES_IMAGE
compose build worker
compose up -d postgres
compose run --rm worker sandbox build
compose run --rm worker sandbox test
# The same recipe whoever runs it: here two workers and the one that waits for them.
compose up -d --scale worker=2 worker
compose run --rm worker build recipes/quickstart.toml
compose run --rm worker status
