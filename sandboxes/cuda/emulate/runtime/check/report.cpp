#include "report.h"

#include <fcntl.h>
#include <unistd.h>
#include <unwind.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "access.h"
#include "symbols.h"

namespace emulate::check {

bool on = false;

namespace {

constexpr size_t kMaxReports = 100;  // more of them say nothing new

struct Site {
    const char *kind;
    uint32_t here, other;
    const char *by;
    uint32_t line;
    bool operator==(const Site &s) const { return kind == s.kind && here == s.here && other == s.other && by == s.by && line == s.line; }
};
struct SiteHash {
    size_t operator()(const Site &s) const {
        return reinterpret_cast<size_t>(s.kind) * 31 + (uint64_t{s.here} << 32 | s.other) * 0x9E3779B97F4A7C15u;
    }
};

int file = -1;
pid_t owner = 0;
char token[65];

// Before the program's own constructors run: what EMULATE_TOKEN says goes into the report's last line, and is no longer where
// a program would look for it to write a report of its own.
void take_token(int, char **, char **environment) {
    for (char **entry = environment; *entry != nullptr; ++entry) {
        if (strncmp(*entry, "EMULATE_TOKEN=", 14) != 0) continue;
        char *value = *entry + 14;
        strncpy(token, value, sizeof token - 1);
        for (; *value != 0; ++value) *value = '0';
    }
}
__attribute__((section(".preinit_array"), used)) void (*const first)(int, char **, char **) = take_token;
EMULATE_EARLY std::unordered_map<Site, size_t, SiteHash> sites;
EMULATE_EARLY std::set<uint32_t> excused;  // reads that only look before an atomic
EMULATE_EARLY std::unordered_map<uint32_t, uint32_t> callers;
EMULATE_EARLY std::vector<Finding> findings;
EMULATE_EARLY std::vector<uint64_t> counts;

std::string triple(Index index) {
    return "[" + std::to_string(index.x) + "," + std::to_string(index.y) + "," + std::to_string(index.z) + "]";
}

Index unfold(uint64_t linear, Index size) {
    return {static_cast<uint32_t>(linear % size.x), static_cast<uint32_t>(linear / size.x % size.y),
            static_cast<uint32_t>(linear / size.x / size.y)};
}

Line place_of(const Party &party) {
    Line line = line_of(party.code);
    if (!line.users && party.caller != 0) return line_of(party.caller);
    if (!line.users && party.launch != nullptr && party.launch->from != nullptr) return line_of(code_of(party.launch->from));
    if (party.file == nullptr) return line;
    // The compiler's own name of the file may lack the folder that the line table has.
    return {line.file.ends_with(party.file) ? line.file : party.file, static_cast<int>(party.line)};
}

std::string members(const Party &party) {
    std::string text = "\"by\":" + quoted(party.by);
    if (party.launch != nullptr) text += ",\"kernel\":" + quoted(party.launch->kernel);
    if (const Line line = place_of(party); line.line > 0)
        text += ",\"file\":" + quoted(line.file) + ",\"line\":" + std::to_string(line.line);
    if (party.has_thread && party.launch != nullptr)
        text += ",\"block\":" + triple(unfold(party.block, party.launch->grid)) + ",\"thread\":" +
                triple(unfold(party.thread, party.launch->block));
    if (party.access != nullptr) text += ",\"access\":" + quoted(party.access);
    return text;
}

std::string line_of_report(const Finding &finding, uint64_t count) {
    std::string text = "{\"kind\":" + quoted(finding.kind);
    if (finding.note) text += ",\"severity\":\"note\"";
    if (finding.space != nullptr) text += ",\"space\":" + quoted(finding.space);
    if (finding.hazard != nullptr) text += ",\"hazard\":" + quoted(finding.hazard);
    text += "," + members(finding.here);
    if (!finding.address.empty()) text += ",\"address\":" + quoted(finding.address);
    if (finding.size != 0) text += ",\"size\":" + std::to_string(finding.size);
    if (!finding.detail.empty()) text += ",\"detail\":" + quoted(finding.detail);
    if (finding.has_other) text += ",\"other\":{" + members(finding.other) + "}";
    return text + ",\"count\":" + std::to_string(count) + "}\n";
}

void write_all(const std::string &text) {
    for (size_t at = 0; at < text.size();) {
        const ssize_t written = write(file, text.data() + at, text.size() - at);
        if (written <= 0) return;
        at += static_cast<size_t>(written);
    }
}

}  // namespace

std::string quoted(const std::string &text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20) {
            char escape[8];
            snprintf(escape, sizeof escape, "\\u%04x", byte);
            out += escape;
        } else {
            out += c;
        }
    }
    return out + '"';
}

const void *users_call(const void *frame) {
    constexpr int deepest = 64;
    for (int i = 0; on && frame != nullptr && i < deepest; ++i) {
        const auto *saved = static_cast<const void *const *>(frame);   // the caller's frame, and where it goes on
        if (line_of(code_of(saved[1])).users) return saved[1];
        if (saved[0] <= frame) break;
        frame = saved[0];
    }
    return nullptr;
}

uint32_t code_of(const void *pc) {
    const uintptr_t code = reinterpret_cast<uintptr_t>(pc) - code_base;
    return code <= kCodeMask ? static_cast<uint32_t>(code) : 0;
}

Party party(Record record, const char *access) {
    const Slice &slice = slice_of(tick_of(record));
    const Operation &operation = operation_of(slice);
    Party party;
    party.code = code_of(record);
    party.access = access;
    switch (operation.kind) {
        case Operation::Kind::host: party.by = "host"; break;
        case Operation::Kind::copy: party.by = "copy"; break;
        case Operation::Kind::fill: party.by = "fill"; break;
        case Operation::Kind::launch:
            party.launch = operation.launch;
            party.block = slice.block;
            party.thread = thread_of(record);
            party.has_thread = true;
    }
    return party;
}

Party party(const Thread &thread, const void *pc, const char *access) {
    Party party;
    party.code = code_of(pc);
    party.access = access;
    party.launch = thread.block->launch;
    party.block = thread.block->linear;
    party.thread = thread.linear;
    party.has_thread = true;
    return party;
}

Party host_party(const void *pc, const char *access) {
    Party party;
    party.code = code_of(pc);
    party.by = "host";
    party.access = access;
    return party;
}

bool is_new(const char *kind, const Party &here, const Party *other) {
    const Site site{kind, here.code, other != nullptr ? other->code : 0, here.by, here.line};
    const auto [found, added] = sites.emplace(site, findings.size());
    if (added) return true;
    if (found->second < counts.size()) ++counts[found->second];
    return false;
}

// The stack that is being walked outwards, from the function at `code` on.
struct Walk {
    uint32_t code;
    bool reached = false;
    uint32_t users = 0;
};

// The innermost call in the user's files on the way to `code`, which runs now; 0: none, or `code` runs no longer.
static uint32_t caller_of(uint32_t code) {
    Walk walk{code};
    _Unwind_Backtrace([](_Unwind_Context *context, void *data) {
        auto &walk = *static_cast<Walk *>(data);
        const uint32_t at = code_of(reinterpret_cast<const void *>(_Unwind_GetIP(context)));
        walk.reached = walk.reached || at == walk.code || at + 1 == walk.code;   // a fault is at its instruction, not behind it
        if (walk.reached && line_of(at).users) walk.users = at;
        return walk.users != 0 ? _URC_END_OF_STACK : _URC_NO_REASON;
    }, &walk);
    return walk.users;
}

static bool in_library(const Party &party) { return party.code != 0 && party.file == nullptr && !line_of(party.code).users; }

void note_caller(Party &party) {
    if (!in_library(party)) return;
    const auto [found, added] = callers.emplace(party.code, 0);   // there may be very many
    if (added) found->second = caller_of(party.code);
    party.caller = found->second;
}

void report(Finding finding) {
    Party &here = finding.here;
    if (here.caller == 0 && in_library(here)) here.caller = caller_of(here.code);
    findings.push_back(std::move(finding));
    counts.push_back(1);
}

bool wants_report() { return getenv("EMULATE_REPORT") != nullptr; }

void excuse_read(uint32_t code) { excused.insert(code); }

void start_report() {
    const char *path = getenv("EMULATE_REPORT");
    file = path != nullptr ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
    owner = getpid();
}

void unsupported(const char *name) {
    if (on && file >= 0) write_all("{\"kind\":\"unsupported\",\"name\":" + quoted(name) + "}\n");
    fprintf(stderr, "unsupported: %s\n", name);
    constexpr int status = 86;   // by which the judge knows it
    _exit(status);
}

void finish_report(const std::string &end) {
    if (file < 0 || owner != getpid()) return;  // a child made by fork has nothing to say
    // Different instructions of one line are one report.
    using Key = std::tuple<std::string, std::string, int, std::string, int, bool, bool>;
    std::map<Key, size_t> lines;
    std::vector<size_t> order;
    for (size_t i = 0; i < findings.size(); ++i) {
        const Finding &finding = findings[i];
        if (finding.plain_read != 0 && excused.count(finding.plain_read) != 0) continue;
        const Line here = place_of(finding.here), other = place_of(finding.other);
        const Key key{finding.kind, here.file, here.line, other.file, other.line, here.line == 0, finding.has_other};
        const auto [found, added] = lines.emplace(key, i);
        if (added || here.line == 0) order.push_back(i);
        else counts[found->second] += counts[i];
    }
    // What is read before it is written because of a race is the race's report.
    std::set<std::pair<std::string, int>> racing;
    for (const Finding &finding : findings)
        if (!strcmp(finding.kind, "race") && (finding.plain_read == 0 || excused.count(finding.plain_read) == 0))
            for (const Line &line : {place_of(finding.here), place_of(finding.other)}) racing.emplace(line.file, line.line);
    std::erase_if(order, [&](size_t i) {
        const Line line = place_of(findings[i].here);
        return !strncmp(findings[i].kind, "uninitialized", 13) && line.line > 0 && racing.count({line.file, line.line}) != 0;
    });
    // Notes come last, and no number of theirs is among the findings'.
    const auto first_note = std::stable_partition(order.begin(), order.end(), [](size_t i) { return !findings[i].note; });
    const std::vector<size_t> notes(first_note, order.end());
    order.erase(first_note, order.end());
    std::string text;
    for (size_t i = 0; i < order.size() && i < kMaxReports; ++i) text += line_of_report(findings[order[i]], counts[order[i]]);
    for (size_t i = 0; i < notes.size() && i < kMaxReports; ++i) text += line_of_report(findings[notes[i]], counts[notes[i]]);
    text += kernel_lines();
    const size_t dropped = order.size() > kMaxReports ? order.size() - kMaxReports : 0;
    text += "{\"kind\":\"end\"," + end + ",\"reports\":" + std::to_string(order.size()) + ",\"reports_dropped\":" +
            std::to_string(dropped) + (token[0] != 0 ? ",\"token\":" + quoted(token) : "") + "}\n";
    write_all(text);
    close(file);
    file = -1;
}

}  // namespace emulate::check
