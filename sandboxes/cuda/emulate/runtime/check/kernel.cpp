#include "kernel.h"

#include <algorithm>
#include <map>
#include <string>

#include "bounds.h"
#include "memory.h"
#include "report.h"
#include "symbols.h"
#include "traffic.h"

namespace emulate::check {

Moved moved;
uint32_t launch_start = 0;

void start_report();
void finish_report(const std::string &end);
bool wants_report();

namespace {

struct Kernel {
    std::string name;
    // Of its largest block, and the most dynamic shared memory of a launch, bytes: what its occupancy depends on.
    uint64_t max_block_threads = 0, max_dynamic_shared = 0;
    uint64_t launches = 0, blocks = 0, threads = 0, atomics = 0, barriers = 0, warp_barriers = 0, sampled_blocks = 0;
    Moved moved{};
    Traffic traffic{};
};
EMULATE_EARLY std::vector<Kernel> kernels;  // in the order of their first launches
EMULATE_EARLY std::map<std::string, size_t> kernel_index;
Kernel *running = nullptr;
uint32_t exit_code = 0;  // the place of the first call of exit
uint64_t launches_done = 0, launches_refused = 0;

struct Refused {
    std::string kernel;
    int error;
    uint32_t code;
};
EMULATE_EARLY std::vector<Refused> unseen;  // launches that were refused, with no look at the error since
thread_local bool checked_thread = false;

std::string member(const char *name, uint64_t value) { return "," + quoted(name) + ":" + std::to_string(value); }

std::string two(const char *name, const uint64_t (&values)[2]) {
    return member((std::string("load_") + name).c_str(), values[0]) + member((std::string("store_") + name).c_str(), values[1]);
}

std::string space(const char *name, unsigned index, const Kernel &kernel) {
    const Traffic &t = kernel.traffic;
    std::string text = "," + quoted(name) + ":{\"loads\":" + std::to_string(kernel.moved.accesses[index][0]) +
                       member("stores", kernel.moved.accesses[index][1]) + two("bytes", kernel.moved.bytes[index]);
    if (index == 0) text += two("distinct_bytes", kernel.moved.distinct);
    text += ",\"sampled\":{\"blocks\":" + std::to_string(kernel.sampled_blocks) + two("requests", t.requests[index]) + two("lanes", t.lanes[index]) +
            two("possible_lanes", t.possible[index]);
    text += index == 0 ? two("sectors", t.sectors) + two("least_sectors", t.least_sectors)
                       : two("wavefronts", t.wavefronts) + two("least_wavefronts", t.least_wavefronts);
    return text + "}}";
}

}  // namespace

bool is_checked_thread() { return checked_thread; }
void count_atomic() { ++running->atomics; }

void start() {
    if (!wants_report()) return;
    on = true;
    checked_thread = true;
    start_report();
    end_operation();  // the host's first stretch
    find_variables();
}

void launch_begins(Launch &launch) {
    if (!on) return;
    const auto [found, added] = kernel_index.emplace(launch.kernel, kernels.size());
    if (added) kernels.push_back({launch.kernel});
    running = &kernels[found->second];
    begin_operation(Operation::Kind::launch, launch.stream, &launch, 0);
    launch_start = now.tick;
    if (!several_streams()) forget_handovers();
    moved = {};
}

void launch_ends(Launch &launch, bool completed) {
    if (!on) return;
    end_shared();
    forget_paused();
    ++running->launches;
    const uint64_t block_threads = uint64_t{launch.block.x} * launch.block.y * launch.block.z;
    running->threads += uint64_t{launch.grid.x} * launch.grid.y * launch.grid.z * block_threads;
    running->max_block_threads = std::max(running->max_block_threads, block_threads);
    running->max_dynamic_shared = std::max(running->max_dynamic_shared, uint64_t{launch.dynamic_shared});
    for (unsigned a = 0; a < 2; ++a) {
        running->moved.distinct[a] += moved.distinct[a];
        for (unsigned s = 0; s < 2; ++s) {
            running->moved.bytes[s][a] += moved.bytes[s][a];
            running->moved.accesses[s][a] += moved.accesses[s][a];
        }
    }
    if (completed) ++launches_done;
    end_operation();
}

void launch_failed(const char *kernel, int error, const void *pc) {
    if (!on) return;
    ++launches_refused;
    unseen.push_back({kernel, error, code_of(pc)});
}

void error_seen() { unseen.clear(); }

void exits(const void *pc) {
    if (on && exit_code == 0) exit_code = code_of(pc);
}

void block_begins(Block &block) {
    if (!on) return;
    begin_block(block);
    begin_shared(block);
    ++running->blocks;
    begin_sample(block);
    if (sampling) ++running->sampled_blocks;
}

void block_ends(Block &block) {
    if (!on) return;
    flush_bounds();
    forget_doubts();
    running->barriers += block.barriers;
    end_sample(block, running->traffic);
    end_shared();
}

void block_pauses(Block &block) {
    if (!on) return;
    flush_bounds();
    forget_doubts();
    end_sample(block, running->traffic);
    pause_shared(block);
}

void block_resumes(Block &block) {
    if (!on) return;
    begin_block(block);
    resume_shared(block);
    begin_sample(block);
}

void thread_ends(Thread &) {
    if (!on) return;
    flush_bounds();
    if (write_waits) judge_write();
}

std::string kernel_lines() {
    std::string text;
    for (const Kernel &kernel : kernels)
        text += "{\"kind\":\"kernel\",\"kernel\":" + quoted(kernel.name) + member("launches", kernel.launches) + member("blocks", kernel.blocks) +
                member("threads", kernel.threads) + member("max_block_threads", kernel.max_block_threads) +
                member("max_dynamic_shared", kernel.max_dynamic_shared) + member("barriers", kernel.barriers) + member("atomics", kernel.atomics) +
                space("global", 0, kernel) + space("shared", 1, kernel) + "}\n";
    return text;
}

void finish(const char *how) {
    if (!on) return;
    on = false;
    for (const Refused &refused : unseen) {
        Party here = host_party(nullptr, nullptr);
        here.code = refused.code;
        if (is_new("invalid_launch", here, nullptr))
            report({"invalid_launch", nullptr, nullptr, here, {}, false, "", 0,
                    refused.kernel + " did not run, error " + std::to_string(refused.error) + ", and the program never looked"});
    }
    // Where in the program's own files `exit` was called, if it was: `main` returns to the library.
    const Line exit_line = line_of(exit_code);
    const std::string exit_place = exit_line.line > 0 ? ",\"exit_file\":" + quoted(exit_line.file) : "";
    finish_report("\"how\":" + quoted(how) + exit_place + member("launches", launches_done) + member("launch_errors", launches_refused) +
                  member("launch_errors_unseen", unseen.size()) + "," + copy_summary() + "," + leaks());
}

}  // namespace emulate::check
