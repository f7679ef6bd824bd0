# Leaves a process that holds the log open, so that whoever reads it to its end waits. Nobody may wait for it.
sleep 1000 &
setsid sleep 1000 &
echo held
