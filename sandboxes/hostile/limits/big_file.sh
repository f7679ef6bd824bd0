# Makes one file larger than a file may be. It must stay at the limit.
dd if=/dev/zero of=/job/big bs=1M count=200 2>/dev/null
size=$(wc -c </job/big)
[ "$size" -le $((8 << 20)) ] && echo "held at $size" || echo "ESCAPED: a file of $size bytes"
