# Reaches for the processor's ports, and for a process layout that makes attacks easier. Every call must be refused.
require "./in/door.pl";
door("iopl", 172, 3);
door("ioperm", 173, 0, 1, 1);
door("personality READ_IMPLIES_EXEC", 135, 0x400000);
door("personality ADDR_COMPAT_LAYOUT", 135, 0x200000);
print "held\n";
