# Opens files of the machine by handle instead of by path, as was done to break out of containers. Making and using
# handles must be refused.
require "./in/door.pl";
my $root = "/";
my $handle = pack("Ll", 8, 1) . pack("Q", 2);
my $mount = "\0" x 8;
door("name_to_handle_at", 303, -100, $root, $handle, $mount, 0);
for my $descriptor (-100, 0, 1) { door("open_by_handle_at", 304, $descriptor, $handle, 0) }
door("fanotify_init", 300, 0, 0);
door("lookup_dcookie", 212, 0, $mount, 8);
print "held\n";
