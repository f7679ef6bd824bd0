#!/bin/bash
# Makes the root folder of the `cuda` sandbox: NVIDIA's compiler, and the emulation that runs kernels without a GPU.
#   install.sh ROOT LOCK [SOURCE…]   see base.sh, which lies beside this script, as do requirements.lock and emulate/
# The wheels come from where pip's own settings say (pip.conf, PIP_INDEX_URL, PIP_FIND_LINKS, PIP_CERT …). What NVIDIA's
# licence says of the result: NOTICE.md.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd) root=$(cd "$1" && pwd) lock=$2
shift 2
. "$here/base.sh"

# The compiler depends on its sanitizers and on files for network services. pip itself comes as a wheel.
make_root "$root" "$lock" g++,libc6-dev,python3,python3-pip-whl \
  'ca-certificates media-types libasan8 liblsan0 libtsan2 libubsan1 libitm1 libquadmath0
  libcrypt-dev libnsl-dev libtirpc-dev rpcsvc-proto' "$@"

# The image's own interpreter, run from outside by its own loader: a machine that makes images needs no Python of this
# version, and what is compiled below fits. No chroot, so that the network and pip's settings are the caller's.
image_python() {
  PYTHONHOME=$root/usr PYTHONNOUSERSITE=1 PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0 LC_ALL=C.UTF-8 \
    LD_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu \
    "$root/lib64/ld-linux-x86-64.so.2" "$root/usr/bin/python3.11" "$@"
}

# Runs a command in the root folder, as its root.
inside() {
  local enter=(chroot)
  [[ $(id -u) == 0 ]] || enter=(unshare --map-root-user chroot)
  "${enter[@]}" "$root" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/tmp LC_ALL=C.UTF-8 TZ=UTC "$@"
}

packages=$root/usr/local/lib/python3.11/dist-packages
# Of pip's settings, those that would put the packages elsewhere.
unset PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT PIP_REQUIRE_VIRTUALENV
image_python "$(echo "$root"/usr/share/python-wheels/pip-*.whl)/pip" install --quiet --no-input --no-cache-dir --no-user \
  --disable-pip-version-check --root-user-action=ignore --no-deps --no-compile --only-binary :all: --require-hashes \
  --target "$packages" --requirement "$here/requirements.lock"

# NVIDIA's wheels hold parts of one tree, which the compiler finds from its own place. Their terms stay with them.
cuda=$root/usr/local/cuda
mv "$packages/nvidia/cu13" "$cuda"
mkdir "$cuda/licenses"
for terms in "$packages"/nvidia_*.dist-info/licenses/*; do
  name=${terms%.dist-info/*}
  mv "$terms" "$cuda/licenses/${name##*/nvidia_}-${terms##*/}"
done
mv "$cuda/cccl/LICENSE" "$cuda/licenses/cccl"
rm -r "$packages"/nvidia "$packages"/nvidia_*.dist-info "$cuda/cccl"

# The emulation's library is compiled once, here, by the compiler that jobs use.
emulate=$root/usr/local/lib/emulate
mkdir "$emulate"
cp -r "$here"/emulate/{include,runtime,build.py,libraries.py,ptx.py,ptx_matrix.py,rewrite.py,sides.py,build_runtime.sh} "$emulate/"
inside sh /usr/local/lib/emulate/build_runtime.sh /usr/local/lib/emulate >&2
rm -r "$emulate/runtime" "$emulate/build_runtime.sh"
find "$emulate" -type f -exec chmod 644 {} +

# What testbenches include to judge by: found by nvcc and by the emulation alike.
mkdir -p "$root/usr/local/include"
cp -r "$here/judge/assay" "$root/usr/local/include/"

# What no job runs: libraries for programs that load them at run time, on a machine with a GPU; a look at this machine's
# GPU; link-time optimisation; sanitizers; pip.
(
  cd "$root/usr"
  rm -rf local/cuda/lib/*.so.* local/cuda/bin/{bin2c,__nvcc_device_query} local/cuda/include/nvtxw3 \
    bin/*lto-dump* lib/gcc/x86_64-linux-gnu/12/{lto1,lto-wrapper,lib?san*,libgcov.a} \
    bin/*gcov* bin/perl5*-x86_64* share/perl share/perl5 lib/x86_64-linux-gnu/perl lib/x86_64-linux-gnu/libperl.* \
    share/python-wheels local/lib/python3.11/dist-packages/bin
)
clean_root "$root"
cd "$packages"
find . -name '*.pyi' -delete
find . -path '*.dist-info/*' ! -name METADATA ! -name 'LICEN[CS]E*' -type f -delete
find . -type d -empty -delete
# A job's home is its scratch folder: what one step leaves there must not be a part of the next one's Python.
sed -i 's/^ENABLE_USER_SITE = None$/ENABLE_USER_SITE = False/' "$root/usr/lib/python3.11/site.py"
grep -qx 'ENABLE_USER_SITE = False' "$root/usr/lib/python3.11/site.py"
# The image is read-only: what is not compiled now would be compiled by every job. By the source's hash, which is not
# looked at again, and not by its time, so that two builds agree.
image_python -m compileall -q -j 1 --invalidation-mode unchecked-hash -s "$root" -p / \
  "$root/usr/lib/python3.11" "$root/usr/lib/python3" "$root/usr/local/lib" >&2
chmod -R u+rwX,go+rX,go-w "$root/usr"
