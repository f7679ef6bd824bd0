# Has the kernel write back everyone's files, again and again. Others would wait for it, so it must be refused.
require "./in/door.pl";
door("sync", 162);
door("syncfs", 306, 0);
print "held\n";
