# Sourced by every sandbox's install.sh: makes a Debian 12 root folder that does not vary from one build to the next.
# As root it needs mmdebstrap; as an ordinary user also a range of subordinate uids. Files end up owned by the caller.
#
#   make_root ROOT LOCK PACKAGES STAND_INS [SOURCE…]   fills ROOT, an empty folder
#     LOCK       packages.lock: the versions to prefer where the mirror still has them
#     PACKAGES   what to install, with commas
#     STAND_INS  packages to be declared present and never installed, as "name name:allowed" (Multi-Arch: foreign unless
#                said otherwise); for what nothing in a batch job starts
#     SOURCE     lines of a sources.list; without any, Debian's own
#     ASSAY_DEB_CACHE (environment), a folder: downloaded packages are kept there, even if the build fails later
#   clean_root ROOT                                    removes what differs between two builds; the last thing to do

# A status entry of a package that is not there.
stand_in() {
  local multi=foreign
  [[ $1 != *:* ]] || multi=${1#*:}
  printf '\nPackage: %s\nStatus: install ok installed\nPriority: optional\nSection: misc\nMaintainer: none <none>\nArchitecture: all\nMulti-Arch: %s\nVersion: 999\nDescription: stand-in\n' "${1%%:*}" "$multi"
}

make_root() {
  local root=$1 lock=$2 packages=$3 name mode=root cache=${ASSAY_DEB_CACHE:-} cached=()
  stand_ins=$(for name in $4; do stand_in "$name"; done)
  pins=$(sed -n 's/^\([^#=][^=]*\)=\(.*\)$/Package: \1\nPin: version \2\nPin-Priority: 1001\n/p' "$lock")
  export stand_ins pins
  shift 4
  [[ $(id -u) == 0 ]] || mode=unshare
  if [[ -n $cache ]]; then
    # Everything is downloaded before it is unpacked, and kept whether or not all of it came.
    cached=(--skip=download/empty --skip=essential/unlink
      --setup-hook='mkdir -p "$1/var/cache/apt/archives"' --setup-hook="sync-in $cache /var/cache/apt/archives"
      --essential-hook='APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get --yes --download-only install '"${packages//,/ }"' || true'
      --essential-hook="sync-out /var/cache/apt/archives $cache")
  fi
  mmdebstrap --quiet --mode="$mode" --variant=essential --include="$packages" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --setup-hook='mkdir -p "$1/etc/apt/preferences.d"; printf "%s\n" "$pins" >"$1/etc/apt/preferences.d/lock"' \
    --essential-hook='printf "%s\n\n" "$stand_ins" >>"$1/var/lib/dpkg/status"' \
    "${cached[@]}" \
    --customize-hook='dpkg-query --admindir="$1/var/lib/dpkg" -W -f "\${Package}=\${Version}\n" | grep -v "=999$" >"$1/etc/packages"' \
    bookworm - "$@" </dev/null |
    tar -C "$root" --no-same-owner --exclude='./dev/*' -xf -
}

clean_root() {
  cd "$1"
  # What differs between two builds, what no job needs, and what a file of that name would only confuse.
  rm -rf var/lib/dpkg var/lib/apt var/cache var/log var/backups var/lib/systemd etc/apt etc/machine-id etc/hostname \
    etc/resolv.conf etc/shadow etc/gshadow etc/subuid etc/subgid etc/*- etc/.pwd.lock run/* tmp/* boot media mnt opt srv home root \
    usr/share/doc usr/share/man usr/share/info usr/share/locale usr/share/zoneinfo usr/share/bash-completion \
    usr/share/lintian usr/share/bug usr/lib/x86_64-linux-gnu/gconv usr/lib/udev usr/lib/systemd
  find . -name __pycache__ -prune -exec rm -rf {} +
  printf 'root:x:0:0::/:/bin/sh\nsandbox:x:1000:1000::/job:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' >etc/passwd
  printf 'root:x:0:\nsandbox:x:1000:\nnogroup:x:65534:\n' >etc/group
  sort -o etc/packages etc/packages
  # Where the job, its scratch space and the devices are mounted.
  mkdir -p job tmp dev proc/self
  for device in null zero full random urandom; do : >"dev/$device"; done
  chmod -R u+rwX,go+rX,go-w,a-st .
}
