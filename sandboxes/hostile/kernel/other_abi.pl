# Makes calls by the numbers of another ABI, which a list of numbers does not know. The filter must know the ABI.
require "./in/door.pl";
door("getpid by x32", 0x40000000 + 39);
door("socket by x32", 0x40000000 + 41, 2, 1, 0);
door("ptrace by x32", 0x40000000 + 521, 0, 0, 0, 0);
print "held\n";
