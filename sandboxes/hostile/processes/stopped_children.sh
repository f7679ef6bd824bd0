# Leaves children that are stopped, and so take no signal but one. They must be dead when the next step runs, not merely
# stopped.
for n in 1 2 3 4; do
  sh -c 'while :; do echo forged >>/job/forged; sleep 0.01; done' &
  sleep 0.05
  kill -STOP $!
  (sleep 0.5; kill -CONT $!) >/dev/null 2>&1 &
done
echo left
