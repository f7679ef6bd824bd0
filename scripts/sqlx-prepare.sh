#!/usr/bin/env bash
# Describes every query of the code against the migrations and stores the answers in .sqlx/, from which builds check
# the queries without a database. This is what `cargo sqlx prepare` does, without that tool.
#   scripts/sqlx-prepare.sh           writes .sqlx/
#   scripts/sqlx-prepare.sh --check   changes nothing; fails if .sqlx/ isn't what it would write
# Uses a server of its own, in a temporary folder, so that no database at hand can colour the result.
set -euo pipefail
cd "$(dirname "$0")/.."

check=
case ${1:-} in '') ;; --check) check=1 ;; *) sed -n '4,5s/^# *//p' "$0" >&2; exit 2 ;; esac

bin=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1 || true)
[[ -n $bin ]] || bin=$(dirname "$(command -v initdb || echo /)")
[[ -x $bin/initdb ]] || { echo "postgres isn't installed: run \`make setup\`" >&2; exit 3; }

# Postgres refuses to run as root.
as=()
if [[ $(id -u) == 0 ]]; then as=(setpriv --reuid postgres --regid postgres --clear-groups --); fi
tmp=$(mktemp -d /tmp/assay-sqlx.XXXXXX)
mkdir "$tmp/pg" "$tmp/sqlx" "$tmp/time"
[[ ${#as[@]} == 0 ]] || { chmod 711 "$tmp"; chown postgres: "$tmp/pg"; }
touch -r pipeline/lib.rs "$tmp/time/lib.rs"

finish() {
  touch -r "$tmp/time/lib.rs" pipeline/lib.rs
  (cd "$tmp/pg" && "${as[@]}" "$bin/pg_ctl" stop --silent --mode=immediate --pgdata="$tmp/pg/data") >/dev/null 2>&1 || true
  rm -rf "$tmp"
}
trap finish EXIT

(
  cd "$tmp/pg"
  "${as[@]}" "$bin/initdb" --pgdata=data --username=assay --auth=trust --encoding=UTF8 --locale=C --no-sync >"$tmp/log" 2>&1
  "${as[@]}" "$bin/pg_ctl" start --silent --wait --pgdata="$tmp/pg/data" --log="$tmp/pg/log" \
    -o "-c listen_addresses='' -c unix_socket_directories='$tmp/pg' -c fsync=off"
) || { tail -n 5 "$tmp/log" "$tmp/pg/log" >&2; exit 3; }

url="postgres://assay@localhost:5432/postgres?host=$tmp/pg&sslmode=disable"
for migration in migrations/*.sql; do
  psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --single-transaction --dbname="$url" --file="$migration" >/dev/null
done

# Query macros ask the database only if SQLX_OFFLINE is false (.cargo/config.toml says true), write what they learn
# where SQLX_OFFLINE_DIR says, and run only if cargo takes the crate for changed: hence the new time, put back at the
# end so that the next build finds nothing to do. `check` shares the checked dependencies with clippy.
touch pipeline/lib.rs
DATABASE_URL=$url SQLX_OFFLINE_DIR=$tmp/sqlx cargo --config 'env.SQLX_OFFLINE.value="false"' \
  check --release --locked --lib --package assay

if [[ -n $check ]]; then
  if ! diff -r .sqlx "$tmp/sqlx"; then
    echo '.sqlx/ is out of date: run `make sqlx-prepare` and commit the result' >&2
    exit 1
  fi
else
  mkdir -p .sqlx
  rm -f .sqlx/query-*.json
  if compgen -G "$tmp/sqlx/*.json" >/dev/null; then cp "$tmp"/sqlx/*.json .sqlx/; fi
  echo "$(find .sqlx -name 'query-*.json' | wc -l) queries in .sqlx/" >&2
fi
