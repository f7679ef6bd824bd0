# Spreads its CPU time over processes that end before anyone looks. The account of the whole tree must tell.
n=0
while [ $n -lt 20000 ]; do
  (i=0; while [ $i -lt 1000 ]; do i=$((i + 1)); done)
  n=$((n + 1))
done
echo ESCAPED: all of its lives together took no time
