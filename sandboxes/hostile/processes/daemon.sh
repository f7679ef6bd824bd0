# Leaves a process behind, in a session of its own, that waits for the next step. It must be dead by then.
setsid sh -c 'trap "" TERM HUP INT; (while :; do echo forged >>/job/forged; sleep 0.01; done) & exec sleep 1000' </dev/null >/dev/null 2>&1 &
sleep 0.1
echo left
