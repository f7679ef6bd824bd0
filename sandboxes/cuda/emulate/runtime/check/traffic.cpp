#include "traffic.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

namespace emulate::check {

bool sampling = false;

namespace {

// Facts of the hardware: CUDA C++ programming guide, compute capability 5.x and later: global memory is fetched in sectors
// of 32 bytes; shared memory has 32 banks of 4 bytes; 8-byte accesses are served per half warp, 16-byte ones per quarter.
constexpr uintptr_t kSector = 32, kBanks = 32, kBankBytes = 4;
constexpr uint32_t kLanes = 32, kMaxThreads = 1024;
// More of one thread says little new, and costs memory.
constexpr uint32_t kMostPerThread = 256;

struct Logged {
    uint32_t warp, code, occurrence, lane;
    uintptr_t address;
    uint32_t size;
    bool shared, write;
};

EMULATE_EARLY std::vector<Logged> log;
EMULATE_EARLY std::unordered_map<uint64_t, uint32_t> occurrences;  // thread << 32 | code
uint32_t per_thread[kMaxThreads];

// Distinct units of `unit` bytes that the accesses touch.
size_t distinct(const Logged *from, const Logged *to, uintptr_t unit) {
    uintptr_t units[kLanes * 16];
    size_t count = 0;
    for (const Logged *entry = from; entry != to; ++entry)
        for (uintptr_t at = entry->address / unit; at <= (entry->address + entry->size - 1) / unit && count < std::size(units); ++at) units[count++] = at;
    std::sort(units, units + count);
    return static_cast<size_t>(std::unique(units, units + count) - units);
}

// The most words that one bank has to give to some lanes: each takes a pass of its own.
uint64_t passes(const Logged *from, const Logged *to) {
    std::vector<uintptr_t> words;
    for (const Logged *entry = from; entry != to; ++entry)
        for (uintptr_t at = entry->address / kBankBytes; at <= (entry->address + entry->size - 1) / kBankBytes; ++at) words.push_back(at);
    std::sort(words.begin(), words.end());
    words.erase(std::unique(words.begin(), words.end()), words.end());
    uint64_t in_bank[kBanks] = {}, most = 0;
    for (const uintptr_t word : words) most = std::max(most, ++in_bank[word % kBanks]);
    return most;
}

// One request: the same instruction, the same time round, of the lanes of one warp.
void count(const Logged *from, const Logged *to, uint32_t lanes_of_warp, Traffic &traffic) {
    const unsigned space = from->shared ? 1 : 0, access = from->write ? 1 : 0;
    ++traffic.requests[space][access];
    traffic.lanes[space][access] += static_cast<uint64_t>(to - from);
    traffic.possible[space][access] += lanes_of_warp;
    if (!from->shared) {
        traffic.sectors[access] += distinct(from, to, kSector);
        traffic.least_sectors[access] += (distinct(from, to, 1) + kSector - 1) / kSector;
        return;
    }
    const uint32_t group = from->size >= 16 ? kLanes / 4 : from->size >= 8 ? kLanes / 2 : kLanes;
    for (const Logged *part = from; part != to;) {
        const Logged *end = std::find_if(part, to, [&](const Logged &entry) { return entry.lane / group != part->lane / group; });
        traffic.wavefronts[access] += passes(part, end);
        ++traffic.least_wavefronts[access];
        part = end;
    }
}

}  // namespace

void sample(bool shared, Access access, uintptr_t address, unsigned size, const Thread &thread, const void *pc) {
    if (per_thread[thread.linear] >= kMostPerThread || size > 16) return;
    ++per_thread[thread.linear];
    const auto code = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(pc) - code_base);
    const uint32_t occurrence = occurrences[uint64_t{thread.linear} << 32 | code]++;
    log.push_back({thread.warp, code, occurrence, thread.lane, address, size, shared, access == Access::write});
}

void begin_sample(const Block &block) {
    log.clear();
    occurrences.clear();
    std::fill(per_thread, per_thread + kMaxThreads, 0);
    const Index grid = block.launch->grid;
    const uint64_t blocks = uint64_t{grid.x} * grid.y * grid.z;
    sampling = block.linear == 0 || block.linear == blocks / 2;
}

void end_sample(const Block &block, Traffic &into) {
    if (!sampling) return;
    sampling = false;
    std::sort(log.begin(), log.end(), [](const Logged &a, const Logged &b) {
        return std::tie(a.warp, a.code, a.occurrence, a.lane) < std::tie(b.warp, b.code, b.occurrence, b.lane);
    });
    for (size_t from = 0; from < log.size();) {
        size_t to = from;
        while (to < log.size() && log[to].warp == log[from].warp && log[to].code == log[from].code && log[to].occurrence == log[from].occurrence &&
               log[to].shared == log[from].shared)
            ++to;
        const uint32_t lanes = std::min(kLanes, block.threads - log[from].warp * kLanes);
        count(&log[from], log.data() + to, lanes, into);
        from = to;
    }
}

}  // namespace emulate::check
