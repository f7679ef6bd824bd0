#!/bin/bash
# Makes the root folder of the `stm32f407` sandbox: the Arm compiler with our startup code and headers, and the board.
#   install.sh ROOT LOCK [SOURCE…]   see base.sh, which lies beside this script, as do requirements.lock, board/, firmware/
# The one wheel comes from where pip's own settings say (pip.conf, PIP_INDEX_URL, PIP_FIND_LINKS, PIP_CERT …).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd) root=$(cd "$1" && pwd) lock=$2
shift 2
. "$here/base.sh"

# The host's compiler and Python are there to make the board, and go once it is made.
make_root "$root" "$lock" g++,libc6-dev,make,nlohmann-json3-dev,python3,python3-pip-whl,gcc-arm-none-eabi,libnewlib-arm-none-eabi,libstdc++-arm-none-eabi-newlib \
  'ca-certificates media-types libasan8 liblsan0 libtsan2 libubsan1 libitm1 libquadmath0
  libcrypt-dev libnsl-dev libtirpc-dev rpcsvc-proto' "$@"

# The image's own interpreter, run from outside by its own loader; no chroot, so that the network and pip's settings are
# the caller's.
packages=$root/opt/packages
unset PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT PIP_REQUIRE_VIRTUALENV
PYTHONHOME=$root/usr PYTHONNOUSERSITE=1 PYTHONDONTWRITEBYTECODE=1 LC_ALL=C.UTF-8 \
  LD_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu \
  "$root/lib64/ld-linux-x86-64.so.2" "$root/usr/bin/python3.11" \
  "$(echo "$root"/usr/share/python-wheels/pip-*.whl)/pip" install --quiet --no-input --no-cache-dir --no-user \
  --disable-pip-version-check --root-user-action=ignore --no-deps --no-compile --only-binary :all: --require-hashes \
  --target "$packages" --requirement "$here/requirements.lock"

# Of Unicorn, its library and its terms (NOTICE.md).
unicorn=$root/usr/local/lib/unicorn
mkdir -p "$unicorn/lib"
mv "$packages/unicorn/include" "$unicorn/"
mv "$packages/unicorn/lib/libunicorn.so.2" "$unicorn/lib/"
cp "$here/NOTICE.md" "$unicorn/"
rm -r "$root/opt"

# Runs a command in the root folder, as its root.
inside() {
  local enter=(chroot)
  [[ $(id -u) == 0 ]] || enter=(unshare --map-root-user chroot)
  "${enter[@]}" "$root" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/tmp LC_ALL=C.UTF-8 TZ=UTC "$@"
}
cp -r "$here/board" "$root/usr/local/lib/board"
inside make --silent --jobs="$(nproc)" --directory /usr/local/lib/board UNICORN=/usr/local/lib/unicorn >&2
mv "$root/usr/local/lib/board/board" "$root/usr/bin/board"
strip=$root/usr/bin/strip
[[ -x $strip ]] && inside strip /usr/bin/board /usr/local/lib/unicorn/lib/libunicorn.so.2
rm -r "$root/usr/local/lib/board" "$unicorn/include"

# Our own part of every firmware, compiled once, here.
cp -r "$here/firmware" "$root/usr/local/lib/firmware"
chmod 755 "$root/usr/local/lib/firmware/build-firmware"

# What no job runs: the host's compiler, Python, and the Arm libraries for other cores than the Cortex-M4F.
(
  cd "$root/usr"
  arm=lib/gcc/arm-none-eabi
  for folder in "$arm"/*/ lib/arm-none-eabi/newlib/; do
    (cd "$folder" && rm -rf arm && find thumb ! -type d ! -path 'thumb/v7e-m+fp/hard/*' -delete && find thumb -depth -type d -empty -delete)
  done
  find lib/arm-none-eabi/newlib \( -name 'libstdc++.a*' -o -name libsupc++.a \) -delete
  rm lib/arm-none-eabi/newlib/lib*c++_nano.a
  find include -mindepth 1 -maxdepth 1 ! -name newlib -exec rm -rf {} +
  for folder in include/newlib/c++/*/arm-none-eabi; do
    (cd "$folder" && find . ! -type d ! -path './thumb/v7e-m+fp/hard/*' -delete && find . -depth -type d -empty -delete)
  done
  rm -rf lib/gcc/x86_64-linux-gnu bin/{gcc,g++,cpp,c++,cc,c89,c99,make,gcov,gdb}* bin/x86_64-linux-gnu-* bin/*lto-dump* \
    bin/python3* bin/pydoc3* lib/python3* share/python* share/nlohmann* share/gcc* share/gdb share/cmake share/pkgconfig \
    "$arm"/*/{lto1,lto-wrapper} bin/perl5*-x86_64* share/perl share/perl5 lib/x86_64-linux-gnu/perl \
    lib/x86_64-linux-gnu/libperl.* lib/x86_64-linux-gnu/*.a lib/x86_64-linux-gnu/*.o
)
clean_root "$root"
chmod -R u+rwX,go+rX,go-w "$root/usr"
