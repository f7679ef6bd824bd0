# Leaves programs and settings where a later step might take them for the image's own. The later step must not.
for name in sh echo head wc sleep iverilog vvp gcc python3; do
  printf '#!/bin/sh\necho pwned\n' >/job/$name
  cp /job/$name /tmp/$name
  chmod 755 /job/$name /tmp/$name
done
for name in .profile .bashrc .dashrc .bash_profile .perldb .pythonrc; do
  echo 'echo pwned; PATH=/job:$PATH' >/job/$name
done
mkdir -p /job/.config /job/lib
export PATH=/job:/tmp:$PATH ENV=/job/.profile BASH_ENV=/job/.bashrc LD_PRELOAD=/job/lib/evil.so
alias echo=/job/echo
cd /tmp
/bin/echo held
