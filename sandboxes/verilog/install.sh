#!/bin/bash
# Makes the root folder of the `verilog` sandbox: Icarus Verilog, Yosys, and Verilator with the compiler that it needs.
#   install.sh ROOT LOCK [SOURCE…]   see base.sh, which lies beside this script
set -euo pipefail
here=$(dirname "$0") root=$1 lock=$2
shift 2
. "$here/base.sh"

# Yosys depends on a viewer, and through it on GTK, graphviz and Python, none of which a batch job starts; Verilator on
# scripts in Python and on the style of its manual; the compiler on its sanitizers and on files for network services.
stand_ins='python3:allowed python3-click xdot libjs-sphinxdoc sphinx-rtd-theme-common
  libasan8 liblsan0 libtsan2 libubsan1 libitm1 libquadmath0 libcrypt-dev libnsl-dev libtirpc-dev rpcsvc-proto'

# What every simulation that Verilator makes is linked with is compiled once, here: a build then costs a fifth. A job
# starts neither `make` nor Verilator's own Perl script, but `verilator_bin`, and the compiler on what it wrote.
library='cd "$1" && mkdir usr/lib/verilated && chroot . sh -c "
  set -e
  cd /usr/lib/verilated
  include=/usr/share/verilator/include
  for part in verilated verilated_timing verilated_threads verilated_probdist; do
    g++-12 -std=gnu++20 -fcoroutines -O1 -w -DVL_TIME_CONTEXT -I\$include -I\$include/vltstd -c \$include/\$part.cpp
  done
  ar Drcs libverilated.a *.o
  rm *.o"'

make_root "$root" "$lock" iverilog,yosys,verilator,g++-12 "$stand_ins" "$@" --customize-hook="$library"
# C, link-time optimisation, static linking, sanitizers and Verilator's own wrapper: no job uses them.
(
  cd "$root/usr"
  rm -rf bin/*lto-dump* bin/verilator bin/verilator_{bin_dbg,coverage,coverage_bin_dbg,gantt,profcfunc} \
    share/verilator/examples share/verilator/include/gtkwave lib/x86_64-linux-gnu/perl/*/CORE \
    lib/x86_64-linux-gnu/{libc,libm-*,libmvec,libanl,libresolv}.a \
    lib/gcc/x86_64-linux-gnu/12/{cc1,lto1,libstdc++.a,libsupc++.a,libstdc++fs.a,lib?san*}
)
clean_root "$root"
# There is no /proc in the sandbox; Yosys finds its own files through this one link.
ln -s /usr/bin/yosys "$root/proc/self/exe"
