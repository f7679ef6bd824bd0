#!/usr/bin/env bash
# Gives this machine what assay needs. Where nothing is missing it says nothing and takes a fraction of a second.
#   scripts/setup.sh           as root; or as an ordinary user, who is asked for sudo once
#   scripts/setup.sh --check   only tells what is missing (exit 3 if anything is)
#   scripts/setup.sh --join $$ lets this shell's children enter the user's cgroups; needed on machines with cgroups
#                              version 2 alone, where only root can move a process there from elsewhere (make does it)
# As root, state lives under /var/lib/assay; as a user, under /var/lib/assay-USER. The checkout's .assay points there.
# ASSAY_STATE=FOLDER puts it elsewhere. ASSAY_ALLOW_WEAKER=no-cgroup does without all that a user needs root for beside
# packages (a cgroup subtree, a range of uids): a weaker sandbox, without limits on a job's total memory and CPU time.
set -euo pipefail
cd "$(dirname "$0")/.."

me=$(id -un)
weak= # whether to do without root's help
if [[ $me != root && ${ASSAY_ALLOW_WEAKER:-} == no-cgroup ]]; then weak=1; fi
have() { command -v "$1" >/dev/null; }

# The Debian packages that user $1 lacks, found by what they bring: quick, and right for other installations too.
packages() {
  have initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || echo postgresql
  have psql || echo postgresql-client
  have bwrap || echo bubblewrap
  have mmdebstrap || echo mmdebstrap
  [[ $1 == root ]] || have newuidmap || echo uidmap
  have cc || echo build-essential
  have python3 || echo python3
  [[ -e /etc/ssl/certs/ca-certificates.crt ]] || echo ca-certificates
}

# Mount points: of a version 1 controller, and of the version 2 tree.
v1() { awk -v c="$1" '$3 == "cgroup" && index("," $4 ",", "," c ",") { print $2; exit }' /proc/self/mounts; }
v2() { awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts; }

# The cgroups that user $1 needs: one per version 1 controller (several may share a mount), and one in the version 2
# tree, which holds the controllers where version 1 has none and offers cgroup.kill everywhere.
cgroups() {
  local controller mount
  for controller in memory pids cpuacct; do
    mount=$(v1 "$controller")
    [[ -z $mount ]] || echo "$mount/assay-$1"
  done | sort -u
  mount=$(v2)
  [[ -z $mount ]] || echo "$mount/assay-$1"
}

# The files by which a cgroup is handed over: its limits stay root's.
handles() { local file; for file in procs subtree_control threads kill; do echo "$1/cgroup.$file"; done; echo "$1/tasks"; }

delegated() {
  local dir
  for dir in $(cgroups "$1"); do [[ -O $dir && -O $dir/cgroup.procs ]] || return 1; done
}

delegate() {
  local dir file
  if [[ -z $(v1 memory) ]]; then
    echo '+memory +pids' >"$(v2)/cgroup.subtree_control"
  fi
  for dir in $(cgroups "$1"); do
    mkdir -p "$dir"
    chown "$1:" "$dir"
    for file in $(handles "$dir"); do [[ ! -e $file ]] || chown "$1:" "$file"; done
  done
  if [[ -z $(v1 memory) ]]; then
    echo '+memory +pids' >"$(v2)/assay-$1/cgroup.subtree_control"
    mkdir -p "$(v2)/assay-$1/callers"
  fi
}

# Version 2 moves a process only for whoever may write to the common ancestor of both groups; from inside the user's
# subtree that is the user.
join() { # USER PID
  [[ $1 != root && -z $weak && -z $(v1 memory) ]] || return 0
  ! grep -q "^0::/assay-$1/" "/proc/$2/cgroup" || return 0
  sudo tee "$(v2)/assay-$1/callers/cgroup.procs" <<<"$2" >/dev/null
}

# At least 1000 ids that sandboxes of user $1 may run as.
ranged() { awk -F: -v u="$1" '$1 == u && $3 >= 1000 { n[FILENAME]++ } END { exit length(n) < 2 }' /etc/subuid /etc/subgid 2>/dev/null; }

# After the last range that anybody has.
add_range() {
  local first
  touch /etc/subuid /etc/subgid
  first=$(awk -F: -v n=100000 '$2 + $3 > n { n = $2 + $3 } END { print n }' /etc/subuid /etc/subgid)
  usermod --add-subuids "$first-$((first + 65535))" --add-subgids "$first-$((first + 65535))" "$1"
}

install_packages() {
  if [[ ! -e /etc/postgresql-common ]]; then
    # assay runs a server of its own: Debian's needn't start.
    mkdir -p /etc/postgresql-common/createcluster.d
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/assay.conf
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  apt-get -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 install "$@"
}

state_of() { if [[ $1 == root ]]; then echo /var/lib/assay; else echo "/var/lib/assay-$1"; fi; }

# One line for each thing that only root can give to user $1.
wanted() {
  local list state
  list=$(packages "$1" | tr '\n' ' ')
  [[ -z $list ]] || echo "packages: ${list% }"
  [[ -z $weak ]] || return 0
  state=$(state_of "$1")
  [[ -n ${ASSAY_STATE:-} || -O $state || (-d .assay && ! -L .assay) ]] || echo "state: $state, for the database and the sandbox images"
  [[ $1 != root ]] || return 0
  ranged "$1" || echo "uids: a range for $1 in /etc/subuid and /etc/subgid, for sandboxes to run as"
  delegated "$1" || echo "cgroups: $(cgroups "$1" | tr '\n' ' ')for $1, to limit sandboxes with"
}

# Does what `wanted` lists for user $1.
provide() {
  local line
  while IFS= read -r line; do
    case $line in
      packages:*) # shellcheck disable=SC2086 # a list of words
        install_packages ${line#packages: } ;;
      state:*) install -d -m 755 -o "$1" "$(state_of "$1")" ;;
      uids:*) add_range "$1" ;;
      cgroups:*) delegate "$1" ;;
    esac
  done <<<"$2"
}

# .assay, for people to look into; for a user also what assay finds its state by.
point() {
  [[ -z ${ASSAY_STATE:-} && (! -e .assay || -L .assay) ]] || return 0
  if [[ -n $weak && ! -O $(state_of "$me") ]]; then
    rm -f .assay
    mkdir .assay
    return
  fi
  [[ $(readlink .assay 2>/dev/null) == "$(state_of "$me")" ]] || ln -sfn "$(state_of "$me")" .assay
}

case ${1:-} in
  --provide) # the part that a user runs through sudo: --provide USER LINES
    provide "$2" "$3"
    exit ;;
  --check)
    todo=$(wanted "$me")
    [[ -z $todo ]] || { echo "$todo" >&2; exit 3; }
    exit ;;
  --join | '') ;;
  *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac

todo=$(wanted "$me")
if [[ -n $todo ]]; then
  if [[ $todo == *packages:* ]] && ! have apt-get; then
    printf 'setup: this script knows apt only; please install, then run it again:\n%s\n' "$todo" >&2
    exit 3
  fi
  printf 'setup: this machine still needs\n%s\n' "$(sed 's/^/  /' <<<"$todo")" >&2
  if [[ $me == root ]]; then
    provide root "$todo"
  elif have sudo && { sudo -n true 2>/dev/null || [[ -t 0 ]]; }; then
    echo 'setup: using sudo for this, once' >&2
    sudo bash scripts/setup.sh --provide "$me" "$todo"
  else
    echo 'setup: only root can do that, and sudo is not at hand. Let root run:' >&2
    printf "  bash %q --provide %q '%s'\n" "$PWD/scripts/setup.sh" "$me" "$todo" >&2
    if [[ -z $weak ]]; then
      echo 'setup: or set ASSAY_ALLOW_WEAKER=no-cgroup (--allow-weaker no-cgroup), which needs none of it but the' >&2
      echo "setup: packages, for a weaker sandbox: no limit on a job's total memory and CPU time, and it runs as you" >&2
    fi
    exit 3
  fi
  left=$(wanted "$me")
  [[ -z $left ]] || { printf 'setup: did not succeed; still missing:\n%s\n' "$left" >&2; exit 3; }
fi
point
if [[ ${1:-} == --join ]]; then join "$me" "$2"; fi
