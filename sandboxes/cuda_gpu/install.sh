#!/bin/bash
# Makes the root folder of the `cuda_gpu` sandbox: that of `cuda`, and what runs programs on the machine's GPU.
#   install.sh ROOT LOCK [SOURCE…]   see base.sh; cuda/ lies beside this script, as do watch.cpp and device.cpp
# The driver's libraries are no part of it: each job gets those of the machine that it runs on, in /usr/local/nvidia.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd) root=$(cd "$1" && pwd) lock=$2
shift 2
bash "$here/cuda/install.sh" "$root" "$lock" "$@"

gpu=$root/usr/local/lib/gpu
mkdir -p "$gpu" "$root/usr/local/nvidia"
cp "$here"/{watch,device}.cpp "$gpu/"
enter=(chroot)
[[ $(id -u) == 0 ]] || enter=(unshare --map-root-user chroot)
"${enter[@]}" "$root" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/tmp LC_ALL=C.UTF-8 TZ=UTC sh -e >&2 <<'BUILD'
cd /usr/local/lib/gpu
g++ -std=c++17 -O2 -Wall -Wextra -I/usr/local/cuda/include -c watch.cpp -o watch.o
g++ -std=c++17 -O2 -Wall -Wextra -I/usr/local/cuda/include device.cpp -o device -L/usr/local/cuda/lib -lcudart_static -lpthread -ldl -lrt
BUILD
rm "$gpu"/*.cpp
# What nvcc is given where it links: every way to launch a kernel leads through watch.o.
{
  echo /usr/local/lib/gpu/watch.o
  echo '-Xlinker --wrap=cudaDeviceReset'
  for name in cudaLaunchKernel cudaLaunchKernelExC cudaLaunchCooperativeKernel __cudaLaunchKernel cudaGraphLaunch; do
    printf -- '-Xlinker --wrap=%s\n-Xlinker --wrap=%s_ptsz\n' "$name" "$name"
  done
} >"$gpu/link"
# Where the machine's nodes and libraries are mounted.
for node in nvidiactl nvidia-uvm nvidia-uvm-tools nvidia{0..15}; do : >"$root/dev/$node"; done
mkdir -p "$root/sys/devices/system"
chmod -R u+rwX,go+rX,go-w "$gpu" "$root/usr/local/nvidia" "$root/dev" "$root/sys"
# The driver's shell: jobs may run it and not read it, so that the kernel keeps its process from them.
install -m 0711 "$root/bin/bash" "$gpu/shell"
