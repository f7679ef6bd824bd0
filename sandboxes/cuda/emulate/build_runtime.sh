#!/bin/sh
# Compiles the runtime: build_runtime.sh OUTDIR [TOOLKIT_INCLUDE] leaves OUTDIR/libemulate.a. The same sources and the same
# compiler give the same bytes: no times and no folder names of this machine get in.
set -eu
out=$1
toolkit=${2:-/usr/local/cuda/include}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
set --
for source in "$here"/runtime/*.cpp "$here"/runtime/check/*.cpp; do
    [ -e "$source" ] || continue
    object=$work/$(echo "${source#"$here"/runtime/}" | tr / _).o
    g++ -std=c++20 -O2 -g1 -Wall -Wextra -Wno-attributes -Wno-missing-field-initializers -Wno-deprecated-declarations -fno-pie -fno-stack-protector -fcf-protection=none -pthread \
        -ffile-prefix-map="$here"=/usr/local/lib/emulate -I"$here/runtime" -I"$here/include" -isystem "$toolkit" -c "$source" -o "$object"
    set -- "$@" "$object"
done
rm -f "$out/libemulate.a"
ar rcsD "$out/libemulate.a" "$@"
