# Gets hold of the driver through a descriptor, to take descriptors out of it. Every such call must be refused.
require "./in/door.pl";
door("pidfd_open", 434, 1, 0);
door("pidfd_open of a thread", 434, 1, 0200);
door("pidfd_getfd", 438, 0, 3, 0);
door("move_pages", 279, 1, 0, 0, 0, 0, 0);
door("migrate_pages", 256, 1, 0, 0, 0);
print "held\n";
