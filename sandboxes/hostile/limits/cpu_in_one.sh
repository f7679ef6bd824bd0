# Counts without end in one process. The limit on CPU time must end it.
while :; do :; done
echo ESCAPED: it ended by itself
