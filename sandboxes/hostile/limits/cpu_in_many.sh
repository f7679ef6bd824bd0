# Counts in four processes. A limit per process would let them have four times as much.
for n in 1 2 3 4; do
  (while :; do :; done) &
done
wait
echo ESCAPED: they ended by themselves
