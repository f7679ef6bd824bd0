# Asks to handle page faults itself, with which kernel races are won. The call must be refused, for user faults too.
require "./in/door.pl";
door("userfaultfd with flags $_", 323, $_) for 0, 1, 04000, 02000000;
print "held\n";
