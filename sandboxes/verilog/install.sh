#!/bin/bash
# Makes the root folder of the `verilog` sandbox: Icarus Verilog and Yosys.
#   install.sh ROOT LOCK [SOURCE…]   see base.sh, which lies beside this script
set -euo pipefail
here=$(dirname "$0") root=$1 lock=$2
shift 2
. "$here/base.sh"

# Yosys depends on a viewer, and through it on GTK, graphviz and Python, none of which a batch job starts.
make_root "$root" "$lock" iverilog,yosys 'python3:allowed python3-click xdot' "$@"
clean_root "$root"
# There is no /proc in the sandbox; Yosys finds its own files through this one link.
ln -s /usr/bin/yosys "$root/proc/self/exe"
