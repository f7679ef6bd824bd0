// Includes files of the machine, so that the compiler prints them in its complaints. It must not find them.
#include "/etc/shadow"
#include "/proc/1/environ"
#include "/var/lib/assay/pg/postgresql.conf"
__asm__(".incbin \"/etc/shadow\"");
int main(void) { return __builtin_printf("ESCAPED: the machine's files could be included\n"); }
