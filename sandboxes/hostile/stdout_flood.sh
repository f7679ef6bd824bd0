# Prints without end.
yes flood
echo ESCAPED: it was all read
