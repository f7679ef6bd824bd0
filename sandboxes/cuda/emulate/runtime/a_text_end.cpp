// Behind the user's objects and before all else of the program, since this is the archive's first member: whoever runs below
// it runs the user's code, and thread-local variables before that one are the user's. It has 4 KiB, that an index somewhat out
// of bounds meets nothing else.
extern "C" void emulate_text_end() {}
extern "C" { __thread unsigned char emulate_shared_end[4 << 10]; }
