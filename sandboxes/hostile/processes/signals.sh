# Kills the driver, the supervisor and everything else that it can name. None of them may suffer.
for signal in KILL STOP TERM INT HUP QUIT USR1; do
  kill -$signal 1 2>/dev/null
  kill -$signal $PPID 2>/dev/null
done
for pid in 2 100 1000 10000; do
  kill -KILL $pid 2>/dev/null && [ $pid -gt 50 ] && echo "ESCAPED: signalled $pid"
done
echo held
