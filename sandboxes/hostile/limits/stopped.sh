# Stops itself, and with it any clock that ticks with the process. The limit on wall time must end it.
kill -STOP $$
echo ESCAPED: somebody continued it
