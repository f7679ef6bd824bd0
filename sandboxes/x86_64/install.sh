#!/bin/bash
# Makes the root folder of the `x86_64` sandbox: gcc, g++ and callgrind.
#   install.sh ROOT LOCK [SOURCE…]   see base.sh, which lies beside this script
set -euo pipefail
here=$(dirname "$0") root=$1 lock=$2
shift 2
. "$here/base.sh"

# No batch job starts a debugger, and callgrind needs no symbols of the C library.
make_root "$root" "$lock" gcc,g++,libc6-dev,valgrind 'gdb libc6-dbg' "$@"

# What no job runs: link-time optimisation, other sanitizers, and of valgrind all but callgrind; what these packages need
# Perl for are scripts that people start.
cd "$root"
rm -rf usr/bin/perl5*-x86_64* usr/share/perl usr/share/perl5 usr/lib/x86_64-linux-gnu/perl usr/lib/x86_64-linux-gnu/libperl.* \
  usr/bin/*lto-dump* usr/lib/gcc/x86_64-linux-gnu/12/lto* usr/lib/gcc/x86_64-linux-gnu/12/lib[tl]san* \
  usr/lib/x86_64-linux-gnu/lib[tl]san* usr/lib/x86_64-linux-gnu/valgrind usr/include/valgrind
find usr/libexec/valgrind -type f ! -name 'callgrind-amd64-linux' ! -name 'vgpreload_core-amd64-linux.so' ! -name 'default.supp' -delete
cd - >/dev/null
clean_root "$root"

# Valgrind wants to know from /proc which program it is, and what is mapped before it starts; the sandbox has no /proc.
# Its tool is not relocatable, and with addresses not randomised the stack lies at the same place each time, so the
# answers never change.
ln -s /usr/bin/valgrind.bin "$root/proc/self/exe"
tool=usr/libexec/valgrind/callgrind-amd64-linux
"$root/lib64/ld-linux-x86-64.so.2" --library-path "$root/usr/lib/x86_64-linux-gnu" "$root/usr/bin/readelf" -lW "$root/$tool" |
  while read -r type offset address _ file memory rest; do
    [[ $type == LOAD ]] || continue
    begin=$((address & ~4095)) middle=$(((address + file + 4095) & ~4095)) end=$(((address + memory + 4095) & ~4095))
    case $rest in *'R E'*) mode=r-xp ;; *RW*) mode=rw-p ;; *) mode=r--p ;; esac
    printf '%x-%x %s %08x 00:01 1 /%s\n' "$begin" "$middle" "$mode" "$((offset & ~4095))" "$tool"
    ((end == middle)) || printf '%x-%x %s 00000000 00:00 0 \n' "$middle" "$end" "$mode"
  done >"$root/proc/self/maps"
printf '7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0 [stack]\n' >>"$root/proc/self/maps"
