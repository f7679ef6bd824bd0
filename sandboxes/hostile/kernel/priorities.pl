# Gives itself the lowest priority and then works, so that it runs into its wall time and passes for a job that was
# starved. It may not choose its priority.
require "./in/door.pl";
my ($zero, $attributes) = (pack("L", 0), pack("LLQlLQQQ", 48, 5, 0, 0, 0, 0, 0, 0));
door("nice 19", 141, 0, 0, 19);
door("idle scheduling", 144, 0, 5, $zero);
door("scheduling parameters", 142, 0, $zero);
door("idle scheduling by attributes", 314, 0, $attributes, 0);
door("idle input and output", 251, 1, 0, 3 << 13);
print "held\n";
