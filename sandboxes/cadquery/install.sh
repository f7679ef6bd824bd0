#!/bin/bash
# Makes the root folder of the `cadquery` sandbox: CadQuery and what it needs, under Debian's Python.
#   install.sh ROOT LOCK [SOURCE…]   see base.sh, which lies beside this script, as do requirements.lock and
# sitecustomize.py
# The wheels come from where pip's own settings say (pip.conf, PIP_INDEX_URL, PIP_FIND_LINKS, PIP_CERT …).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd) root=$(cd "$1" && pwd) lock=$2
shift 2
. "$here/base.sh"

# What OpenCASCADE and VTK are linked against; no screen is there, so no driver for one. pip itself comes as a wheel.
make_root "$root" "$lock" python3,python3-pip-whl,libgl1,libx11-6,libexpat1,libstdc++6,libgomp1,fonts-dejavu-core \
  'ca-certificates libglx-mesa0 fontconfig-config media-types' "$@"

# The image's own interpreter, run from outside by its own loader: a machine that makes images needs no Python of this
# version, and what is compiled below fits. No chroot, so that the network and pip's settings are the caller's.
image_python() {
  PYTHONHOME=$root/usr PYTHONNOUSERSITE=1 PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0 LC_ALL=C.UTF-8 \
    LD_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu \
    "$root/lib64/ld-linux-x86-64.so.2" "$root/usr/bin/python3.11" "$@"
}

packages=$root/usr/local/lib/python3.11/dist-packages
# Of pip's settings, those that would put the packages elsewhere.
unset PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT PIP_REQUIRE_VIRTUALENV
image_python "$(echo "$root"/usr/share/python-wheels/pip-*.whl)/pip" install --quiet --no-input --no-cache-dir --no-user \
  --disable-pip-version-check --root-user-action=ignore --no-deps --no-compile --only-binary :all: --require-hashes \
  --target "$packages" --requirement "$here/requirements.lock"

clean_root "$root"
cd "$packages"
# pip, the programs that packages bring, headers, type stubs, tests: nothing that a script imports.
rm -rf "$root/usr/share/python-wheels" bin share include casadi/include casadi/cmake casadi/*.la casadi/pkgconfig
find . -name '*.pyi' -delete
find . -depth -type d \( -name tests -o -name test \) -exec rm -rf {} +
find . -path '*.dist-info/*' ! -name METADATA ! -name entry_points.txt ! -name 'LICEN[CS]E*' ! -name 'COPYING*' -type f -delete
# Wheels hold copies where a library's other names were links.
sha256sum casadi/*.so* | LC_ALL=C sort -r | while read -r sum file; do
  if [[ $sum == "${last_sum:-}" ]]; then ln -sf "${last##*/}" "$file"; else last_sum=$sum last=$file; fi
done
find . -type d -empty -delete
# Text in a model is drawn with these fonts.
mkdir -p "$root/etc/fonts"
echo '<fontconfig><dir>/usr/share/fonts</dir><cachedir>/tmp/fontconfig</cachedir></fontconfig>' >"$root/etc/fonts/fonts.conf"
# A job's home is its scratch folder: what one step leaves there must not be a part of the next one's Python.
sed -i 's/^ENABLE_USER_SITE = None$/ENABLE_USER_SITE = False/' "$root/usr/lib/python3.11/site.py"
grep -qx 'ENABLE_USER_SITE = False' "$root/usr/lib/python3.11/site.py"
# The image is read-only: what is not compiled now would be compiled by every job. By the source's hash, which is not
# looked at again, and not by its time, so that two builds agree.
rm "$root/usr/lib/python3.11/sitecustomize.py"
cp "$here/sitecustomize.py" "$root/usr/lib/python3.11/"
image_python -m compileall -q -j 1 --invalidation-mode unchecked-hash -s "$root" -p / \
  "$root/usr/lib/python3.11" "$root/usr/lib/python3" "$root/usr/local/lib/python3.11" >&2
chmod -R u+rwX,go+rX,go-w "$root/usr"
