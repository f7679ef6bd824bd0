// Behind the user's objects and before all else of the program, since this is the archive's first member: whoever runs below
// it runs the user's code.
extern "C" void emulate_text_end() {}
