#!/bin/bash
# Makes the root folder of the `renode` sandbox: that of `stm32f407`, and Renode's official portable archive for Linux, at
# the version and digest of renode.lock.
#   install.sh ROOT LOCK [SOURCE…]   see base.sh; stm32f407/ lies beside this script, as do renode.lock and serve.sh
# The archive is fetched from its project's releases, or taken from ASSAY_RENODE=FILE.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd) root=$(cd "$1" && pwd) lock=$2
shift 2
{ read -r version; read -r _ digest; read -r address; } <"$here/renode.lock"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
archive=${ASSAY_RENODE:-}
if [[ -z $archive ]]; then
  archive=$work/renode.tar.gz
  if ! curl --fail --silent --show-error --location --retry 3 --output "$archive" "$address"; then
    echo "Renode could not be fetched from $address; fetch it elsewhere, and give its path as ASSAY_RENODE" >&2
    exit 1
  fi
fi
if ! sha256sum --check --status <<<"$digest  $archive"; then
  echo "$archive is not Renode $version as it was released: its SHA-256 is not $digest" >&2
  exit 1
fi

bash "$here/stm32f407/install.sh" "$root" "$lock" "$@"

renode=$root/usr/local/lib/renode
mkdir -p "$renode"
tar -C "$renode" --strip-components=1 --no-same-owner -xzf "$archive"
# What no job runs: tests, samples, platforms of other boards.
(cd "$renode" && rm -rf tests tools scripts platforms renode-test)
cp "$here/serve.sh" "$renode/"
echo "Renode $version" >"$renode/VERSION"
ln -s ../local/lib/renode/renode "$root/usr/bin/renode"
chmod -R u+rwX,go+rX,go-w "$renode"
