#include "symbols.h"

#include <backtrace.h>
#include <cxxabi.h>
#include <elf.h>
#include <sys/auxv.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits.h>
#include <unordered_map>

#include "access.h"

extern "C" const char __executable_start[];

namespace emulate::check {

uintptr_t code_base = reinterpret_cast<uintptr_t>(__executable_start);

namespace {

EMULATE_EARLY std::string program;  // absolute path
EMULATE_EARLY std::vector<Variable> thread_locals, globals;
EMULATE_EARLY std::unordered_map<uint32_t, Line> known_lines;

uintptr_t thread_pointer;  // of the OS thread that the addresses of `thread_locals` are for

// On x86-64 the thread-local block of the executable ends at the thread pointer (ELF TLS ABI, variant II).
uintptr_t start_of_thread_locals(const Elf64_Phdr &segment) {
    const uintptr_t end = thread_pointer = reinterpret_cast<uintptr_t>(__builtin_thread_pointer());
    const size_t alignment = std::max<size_t>(segment.p_align, 1);
    return end - (segment.p_memsz + alignment - 1) / alignment * alignment;
}

std::vector<char> contents(const std::string &path) {
    std::vector<char> bytes;
    FILE *file = fopen(path.c_str(), "rb");
    if (file == nullptr) return bytes;
    fseek(file, 0, SEEK_END);
    bytes.resize(static_cast<size_t>(std::max(0L, ftell(file))));
    rewind(file);
    if (fread(bytes.data(), 1, bytes.size(), file) != bytes.size()) bytes.clear();
    fclose(file);
    return bytes;
}

void read_table(const std::vector<char> &file) {
    if (file.size() < sizeof(Elf64_Ehdr)) return;
    const auto &header = *reinterpret_cast<const Elf64_Ehdr *>(file.data());
    const auto *segments = reinterpret_cast<const Elf64_Phdr *>(file.data() + header.e_phoff);
    uintptr_t locals = 0;
    for (unsigned i = 0; i < header.e_phnum; ++i)
        if (segments[i].p_type == PT_TLS) locals = start_of_thread_locals(segments[i]);
    const auto *sections = reinterpret_cast<const Elf64_Shdr *>(file.data() + header.e_shoff);
    for (unsigned i = 0; i < header.e_shnum; ++i) {
        if (sections[i].sh_type != SHT_SYMTAB) continue;
        const auto *symbols = reinterpret_cast<const Elf64_Sym *>(file.data() + sections[i].sh_offset);
        const char *names = file.data() + sections[sections[i].sh_link].sh_offset;
        for (size_t s = 0; s < sections[i].sh_size / sizeof *symbols; ++s) {
            const Elf64_Sym &symbol = symbols[s];
            const int type = ELF64_ST_TYPE(symbol.st_info);
            if (symbol.st_size == 0 || symbol.st_shndx == SHN_UNDEF) continue;
            if (type == STT_TLS) thread_locals.push_back({locals + symbol.st_value, symbol.st_size, names + symbol.st_name});
            if (type == STT_OBJECT) globals.push_back({symbol.st_value, symbol.st_size, names + symbol.st_name});
        }
    }
}

bool is_user_file(const char *file) {
    return strncmp(file, "/usr/", 5) != 0 && strstr(file, "/emulate/include/") == nullptr && strstr(file, "/nvidia/") == nullptr;
}

// libbacktrace calls this from the innermost inlined function outwards.
int choose(void *data, uintptr_t, const char *file, int line, const char *) {
    auto &chosen = *static_cast<Line *>(data);
    if (file == nullptr || line <= 0) return 0;
    const bool users = is_user_file(file);
    const bool in_cub = chosen.in_cub || strstr(file, "/cccl/cub/") != nullptr;
    if (chosen.file.empty() || users) chosen = {file, line};
    chosen.users = users;
    chosen.in_cub = in_cub;
    return users ? 1 : 0;
}

void ignore(void *, const char *, int) {}

}  // namespace

// `kernel<float>(float*)::tile` is `tile` to its programmer.
std::string plain_name(const std::string &mangled) {
    int status = 0;
    char *text = abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status);
    std::string name = status == 0 ? text : mangled;
    free(text);
    if (const size_t at = name.rfind("::"); at != std::string::npos) name.erase(0, at + 2);
    if (const size_t at = name.find('.'); at != std::string::npos && at > 0) name.erase(at);  // a C local's number
    return name;
}

void read_symbols() {
    const char *started_as = reinterpret_cast<const char *>(getauxval(AT_EXECFN));
    char absolute[PATH_MAX];
    program = started_as == nullptr ? "" : realpath(started_as, absolute) != nullptr ? absolute : started_as;
    read_table(contents(program));
    const auto by_address = [](const Variable &a, const Variable &b) { return a.address < b.address; };
    std::stable_sort(thread_locals.begin(), thread_locals.end(), by_address);
    std::stable_sort(globals.begin(), globals.end(), by_address);
    for (auto &variable : thread_locals) {
        variable.guard = variable.name.rfind("_ZGV", 0) == 0;
        variable.name = plain_name(variable.name);
    }
}

const std::vector<Variable> &shared_variables() {
    if (const auto here = reinterpret_cast<uintptr_t>(__builtin_thread_pointer()); here != thread_pointer) {
        for (Variable &variable : thread_locals) variable.address += here - thread_pointer;
        thread_pointer = here;
    }
    return thread_locals;
}
const std::vector<Variable> &global_variables() { return globals; }

const Variable *variable_at(const std::vector<Variable> &variables, uintptr_t address) {
    const auto after = std::upper_bound(variables.begin(), variables.end(), address,
                                        [](uintptr_t a, const Variable &v) { return a < v.address; });
    return after == variables.begin() ? nullptr : &*std::prev(after);
}

Line line_of(uint32_t code) {
    static backtrace_state *table = backtrace_create_state(program.c_str(), 0, ignore, nullptr);
    if (code == 0 || table == nullptr) return {};
    const auto [found, added] = known_lines.emplace(code, Line{});
    if (added) backtrace_pcinfo(table, code_base + code - 1, choose, ignore, &found->second);
    return found->second;
}

}  // namespace emulate::check
