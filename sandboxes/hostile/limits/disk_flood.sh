# Fills every folder that it may write to. Each is full before 1 GiB.
for folder in /job /tmp; do
  n=0
  while dd if=/dev/zero of=$folder/f$n bs=1M count=16 2>/dev/null; do
    n=$((n + 1))
    [ $n -lt 64 ] || { echo "ESCAPED: 1 GiB fits into $folder"; break; }
  done
done
echo held
