# Uses nothing and never ends. The limit on wall time must end it.
sleep 1000
echo ESCAPED: slept it out
