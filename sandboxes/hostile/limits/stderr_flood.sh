# Prints without end where errors go. It shares the limit on output with everything else.
yes flood >&2
echo ESCAPED: it was all read
