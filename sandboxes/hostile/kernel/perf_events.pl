# Counts events of the processor, through which other processes are watched. The call must be refused.
require "./in/door.pl";
my $attributes = pack("L L Q", 1, 128, 0) . "\0" x 112;
door("perf_event_open on itself", 298, $attributes, 0, -1, -1, 0);
door("perf_event_open on a processor", 298, $attributes, -1, 0, -1, 0);
print "held\n";
