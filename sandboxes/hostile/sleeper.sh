# Uses nothing and never ends.
sleep 1000
echo ESCAPED: slept it out
