# Prints without end. The limit on output must end it.
yes flood
echo ESCAPED: it was all read
