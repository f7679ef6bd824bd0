# Uses the kernel's keyrings, which know no mount or process namespace. Every such call must be refused.
require "./in/door.pl";
my ($type, $name, $payload) = ("user", "hostile", "x");
door("keyctl GET_KEYRING_ID", 250, 0, -3, 0);
door("keyctl JOIN_SESSION_KEYRING", 250, 1, 0);
door("keyctl READ", 250, 11, -5, 0, 0);
door("add_key", 248, $type, $name, $payload, 1, -3);
door("request_key", 249, $type, $name, 0, -3);
print "held\n";
