# Doubles itself until something stops it.
f() { f | f & }
f
sleep 60
echo ESCAPED: nothing stopped the forks
