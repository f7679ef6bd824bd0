# Doubles itself until something stops it. The limit on processes must end the job.
f() { f | f & }
f
sleep 60
echo ESCAPED: nothing stopped the forks
