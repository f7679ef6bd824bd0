// The file that EMULATE_REPORT names: JSON lines, the same bytes for the same program and seed.
#pragma once
#include <string>

#include "order.h"

namespace emulate::check {

// Somebody who did something at a place in the program.
struct Party {
    uint32_t code = 0;             // offset of the return address, 0: not known
    const char *by = "kernel";     // or "host", "copy", "fill"
    const char *access = nullptr;  // "read", "write", "atomic", …
    const Launch *launch = nullptr;
    uint64_t block = 0;
    bool has_thread = false;
    uint32_t thread = 0;
    const char *file = nullptr;  // where the line is known without the code
    uint32_t line = 0;
    uint32_t caller = 0;         // where the code is a library's: of the user's call that led there, 0: not known
};
Party party(Record record, const char *access);
Party party(const Thread &thread, const void *pc, const char *access);
Party host_party(const void *pc, const char *access);

struct Finding {
    const char *kind;
    const char *space = nullptr, *hazard = nullptr;
    Party here, other;
    bool has_other = false;
    std::string address;  // variable or allocation, and the offset in it
    size_t size = 0;
    std::string detail;
    uint32_t plain_read = 0;  // of a race between a plain read and an atomic: the code of the read
    bool note = false;        // worth knowing, and no fault
};
// This read only looks before an atomic of the same thread and address that a stale look does no harm (a loop of atomicCAS
// begins so).
void excuse_read(uint32_t code);

// Counts one more finding of this kind between these two places; true if it is the first, which is then to be reported.
bool is_new(const char *kind, const Party &here, const Party *other);
void report(Finding finding);
// For a finding that is reported later: looks for the user's call now, while the code in question runs.
void note_caller(Party &party);

uint32_t code_of(const void *pc);
std::string quoted(const std::string &text);  // a JSON string

// What the parts have to say at the end, each a line or a member of the end line.
std::string kernel_lines();
std::string leaks();
std::string copy_summary();

}  // namespace emulate::check
