// Names and lines, from the program's own file: its symbol table and its line table.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace emulate::check {

struct Variable {
    uintptr_t address;
    size_t size;
    std::string name;
    bool guard = false;  // tells the compiler's code whether a static variable has been initialised: nobody's business
};

struct Line {
    std::string file;  // empty: not known
    int line = 0;
    bool users = false;    // else none of the frames is in a file of the user's
    bool in_cub = false;   // a function of CUB was inlined there
};

// Reads the symbol table, while the program's file is where it was when it was started.
void read_symbols();
// Thread-local variables of this OS thread, which hold static shared memory; ordinary ones. By address.
const std::vector<Variable> &shared_variables();
const std::vector<Variable> &global_variables();
std::string plain_name(const std::string &mangled);
// The one that holds the address, or else the last before it; null: none.
const Variable *variable_at(const std::vector<Variable> &variables, uintptr_t address);

// The line of the call that returns to `code`, an offset from the start of the executable. Where functions were inlined
// it is the innermost line that is not in a header of the emulation, the toolkit or the system.
Line line_of(uint32_t code);

}  // namespace emulate::check
