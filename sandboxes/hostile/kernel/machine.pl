# Changes what the whole machine shares: clock, name, power, swap, accounting, kernel log. Every call must be refused.
require "./in/door.pl";
my ($zeros, $name) = ("\0" x 256, "pwned");
# One bit that asks for a change: to read the clock's state is allowed to anyone.
my $adjust = pack("L", 1) . "\0" x 252;
door("settimeofday", 164, $zeros, 0);
door("clock_settime", 227, 0, $zeros);
door("adjtimex", 159, $adjust);
door("clock_adjtime", 305, 0, $adjust);
door("sethostname", 170, $name, 5);
door("setdomainname", 171, $name, 5);
door("reboot", 169, 0xfee1dead, 672274793, 0, 0);
door("acct", 163, 0);
door("swapoff", 168, $name);
door("syslog", 103, 3, $zeros, 256);
door("vhangup", 153);
print "held\n";
