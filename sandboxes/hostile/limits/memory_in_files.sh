# Keeps in files what it may not keep in memory. The scratch folder is memory too, and must be counted as the job's.
dd if=/dev/zero of=/job/hoard bs=1M count=60 2>/dev/null
dd if=/dev/zero of=/job/hoard2 bs=1M count=60 2>/dev/null
dd if=/dev/zero of=/tmp/hoard bs=1M count=60 2>/dev/null
dd if=/dev/zero of=/tmp/hoard2 bs=1M count=60 2>/dev/null
dd if=/dev/zero of=/tmp/hoard3 bs=1M count=60 2>/dev/null
sleep 1
echo ESCAPED: kept 300 MiB of files in 64 MiB of memory
