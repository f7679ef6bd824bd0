#!/usr/bin/env bash
# Tells in a few lines what a build came to, out of the relations that everyone can query.
#   scripts/summary.sh BUILD FOLDER   FOLDER: where it was exported to
set -euo pipefail
cd "$(dirname "$0")/.."
[[ $# == 2 && $1 =~ ^[0-9]+$ ]] || { sed -n '3s/^# *//p' "$0" >&2; exit 2; }
build=$1 out=$2 assay=target/release/assay

ask() { "$assay" psql --no-psqlrc --quiet --tuples-only --no-align --field-separator=' ' --set=ON_ERROR_STOP=1 --command="$1"; }
# "12 name" lines, right-aligned.
table() { awk '{ n = $1; $1 = ""; printf "  %8d %s\n", n, $0 }'; }

echo
echo "== Build $build"
echo 'Came in (files by source)'
ask "select count(*), s.origin->>'source' || ' ' || (s.origin->>'version')
     from samples s where s.kind = 'source' and s.id in (select sample_id from outcomes where build_id = $build)
     group by 2 order by 1 desc, 2" | table
echo 'Dropped, and why (the ten commonest reasons)'
ask "select count(*), node || ': ' || reason from outcomes
     where build_id = $build and outcome = 'drop' group by 2 order by 1 desc, 2 limit 10" | table
echo 'Executed and judged'
ask "select count(*), node || ': ' || outcome || coalesce(' (' || reason || ')', '') from outcomes
     where build_id = $build and outcome in ('pass', 'fail', 'flaky') group by 2 order by 1 desc, 2" | table
echo 'Verified, and ready for training'
ask "select count(*), s.kind from outcomes o join samples s on s.id = o.sample_id
     where o.build_id = $build and o.outcome = 'pass' and s.kind like 'sft\_%' group by 2 order by 2" | table
echo "Shards in $out/ (sizes in bytes)"
(cd "$out" && find . -type f -printf '%s %P\n' | LC_ALL=C sort -k 2) | table
cat <<END

Try next:
  $assay sample --kind sft_repair -n 1     one repair sample, as a person wants to see it
  $assay psql -c "select node, outcome, reason, count(*) from outcomes where build_id = $build group by 1, 2, 3"
  $assay verify --where "verdict = 'flaky' or verdict is null"
END
