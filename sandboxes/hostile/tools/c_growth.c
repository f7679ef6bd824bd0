// Asks the compiler for an object larger than memory. The memory limit must end the compiler, and be named.
#define A(x) x x x x x x x x
#define B(x) A(A(A(x)))
const char *text = B(B(B("abcdefghijklmnopqrstuvwxyz0123456789")));
int main(void) { return __builtin_printf("ESCAPED: it was compiled\n"); }
