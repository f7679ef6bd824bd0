#include "launches.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "device.h"
#include "errors.h"
#include "faults.h"
#include "graphs.h"
#include "hooks.h"
#include "memory.h"
#include "streams.h"
#include "worker.h"

namespace emulate {

// The assembly that reads threadIdx and its like relies on these.
static_assert(offsetof(Thread, block) == layout::thread_block && offsetof(Thread, index) == layout::thread_index &&
              offsetof(Thread, returned) == layout::thread_returned);
static_assert(offsetof(Block, launch) == layout::block_launch && offsetof(Block, index) == layout::block_index);
static_assert(offsetof(Launch, grid) == layout::launch_grid && offsetof(Launch, block) == layout::launch_block);

namespace {

struct Configuration {
    dim3 grid, block;
    size_t dynamic_shared;
    cudaStream_t stream;
    const void *pc = nullptr;   // a return address of who launches
    bool cooperative = false;
    bool in_order = false;   // blocks begin by their index
    const void *from = nullptr;   // of a library's kernel: the user's call
};

thread_local std::vector<Configuration> configurations;
thread_local Kernel *question = nullptr;   // where a kernel that is asked puts its answer
thread_local cudaError_t capture_error = cudaSuccess;   // of the last launch
std::atomic<bool> abandoned{false};

// "void add<T>(T*) [with T = float]" without the parts that are no name.
std::string readable_name(const char *pretty) {
    std::string name = pretty;
    for (const char *prefix : {"static ", "void ", "constexpr "})
        if (name.rfind(prefix, 0) == 0) name.erase(0, strlen(prefix));
    return name;
}

// The order of blocks: i -> (step*i + offset) mod count visits each once if step and count have no common divisor.
struct BlockOrder {
    uint64_t count, step = 1, offset = 0;

    BlockOrder(uint64_t blocks, uint64_t seed, uint32_t launch) : count(blocks) {
        if (seed == 0 || blocks < 2) return;
        uint64_t z = (seed * 0x9E3779B97F4A7C15ull) ^ (launch * 0xD1B54A32D192ED03ull);
        z = (z ^ (z >> 29)) * 0xBF58476D1CE4E5B9ull;
        offset = (z >> 8) % blocks;
        step = 1 + (z >> 20) % (blocks - 1);
        while (std::gcd(step, count) != 1) ++step;
    }
    uint64_t at(uint64_t i) const { return static_cast<uint64_t>((static_cast<unsigned __int128>(step) * i + offset) % count); }
};

// OS threads that help the host's thread to run a grid. They wait between grids, and end with the process.
class Crew {
  public:
    void run(const Grid &grid, uint64_t blocks) {
        if (grid.launch->cooperative) return run_together(grid, blocks);
        const BlockOrder order(blocks, grid.in_order ? 0 : grid.seed, grid.launch->id);
        count_ = blocks;
        const uint64_t threads = blocks * grid.launch->block.x * grid.launch->block.y * grid.launch->block.z;
        next_ = 0;
        // Waking a helper costs more than a small grid does.
        if (worker_count() > 1 && blocks > 1 && threads > 4096) {
            while (helpers_ + 1 < worker_count()) hire();
            std::unique_lock<std::mutex> lock(mutex_);
            grid_ = &grid, order_ = &order;
            busy_ = helpers_;
            ++turn_;
            start_.notify_all();
            lock.unlock();
            work(grid, order);
            lock.lock();
            done_.wait(lock, [&] { return busy_ == 0; });
        } else {
            work(grid, order);
        }
    }

    bool not_begun() const { return next_ < count_; }
    unsigned running() const { return 1 + busy_; }

  private:
    void run_together(const Grid &grid, uint64_t blocks) {
        Ticks ticks;
        Worker::here().run_together(grid, blocks, [&](uint64_t phase, uint64_t i) {
            return BlockOrder(blocks, grid.seed, grid.launch->id + static_cast<uint32_t>(phase) * 977).at(i);
        });
    }

    void work(const Grid &grid, const BlockOrder &order) {
        Ticks ticks;
        for (;;) {
            const uint64_t i = next_.fetch_add(1, std::memory_order_relaxed);
            if (i >= order.count || abandoned) return;
            if (!Worker::here().run(grid, order.at(i))) return;
        }
    }

    void hire() {
        hired_ = turn_;   // the turn that is about to begin is a helper's first
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        // Shared memory is thread-local, and thread-local memory lies in an OS thread's stack.
        pthread_attr_setstacksize(&attributes, (8 << 20) + thread_local_size());
        pthread_t thread;
        pthread_create(&thread, &attributes, [](void *crew) -> void * {
            prepare_for_faults();
            static_cast<Crew *>(crew)->help();
            return nullptr;
        }, this);
        pthread_detach(thread);
        ++helpers_;
    }

    void help() {
        uint64_t seen = hired_;
        std::unique_lock<std::mutex> lock(mutex_);
        for (;;) {
            start_.wait(lock, [&] { return turn_ != seen; });
            seen = turn_;
            const Grid &grid = *grid_;
            const BlockOrder &order = *order_;
            lock.unlock();
            work(grid, order);
            lock.lock();
            if (--busy_ == 0) done_.notify_one();
        }
    }

    std::mutex mutex_;
    std::condition_variable start_, done_;
    const Grid *grid_ = nullptr;
    const BlockOrder *order_ = nullptr;
    std::atomic<uint64_t> next_{0};
    uint64_t count_ = 0;   // of blocks of the grid
    uint64_t turn_ = 0, hired_ = 0;
    unsigned helpers_ = 0;
    std::atomic<unsigned> busy_{0};
};

Crew &crew() {
    static Crew *crew = new Crew;  // never destroyed: helpers use it as long as the process lives
    return *crew;
}

// What refuses a launch before it runs; limits: programming guide, table of technical specifications per compute capability.
cudaError_t refusal(const Configuration &c, const Kernel &kernel) {
    const dim3 &g = c.grid, &b = c.block;
    if (g.x == 0 || g.y == 0 || g.z == 0 || b.x == 0 || b.y == 0 || b.z == 0) return cudaErrorInvalidConfiguration;
    if (b.x > 1024 || b.y > 1024 || b.z > 64 || uint64_t(b.x) * b.y * b.z > max_block_threads) return cudaErrorInvalidConfiguration;
    if (g.x > 0x7fffffffu || g.y > 65535 || g.z > 65535) return cudaErrorInvalidConfiguration;
    if (c.dynamic_shared > settings_of(kernel).max_dynamic_shared) return cudaErrorInvalidValue;
    if (kernel.bound && uint64_t(b.x) * b.y * b.z > kernel.bound) return cudaErrorLaunchOutOfResources;
    if (!stream_exists(c.stream)) return cudaErrorInvalidResourceHandle;
    // "the grid size does not exceed the maximum number of blocks that can be resident" (cudaLaunchCooperativeKernel).
    const auto resident = uint64_t(multiprocessors) * static_cast<unsigned>(blocks_that_fit(static_cast<int>(b.x * b.y * b.z), c.dynamic_shared));
    if (c.cooperative && uint64_t(g.x) * g.y * g.z > resident) return cudaErrorCooperativeLaunchTooLarge;
    return cudaSuccess;
}

void start(const Configuration &c, const std::string &name, uint32_t stream, const void *closure, size_t size, void (*body)(void *)) {
    if (device_has_faulted()) return;  // queued behind a kernel that lost the device
    static uint32_t launches = 0;
    // Reports refer to launches until the process ends.
    auto *launch = new Launch{++launches, strdup(name.c_str()), {c.grid.x, c.grid.y, c.grid.z}, {c.block.x, c.block.y, c.block.z},
                              static_cast<uint32_t>(c.dynamic_shared), stream, c.cooperative, c.from};
    const Grid grid{launch, closure, size, body, seed(), c.in_order};
    abandoned = false;
    DeviceTurn turn;
    check::launch_begins(*launch);
    crew().run(grid, uint64_t(c.grid.x) * c.grid.y * c.grid.z);
    check::launch_ends(*launch, !abandoned);
}

}  // namespace

unsigned workers_running() { return crew().running(); }
bool blocks_not_begun() { return crew().not_begun(); }

KernelSettings &settings_of(const Kernel &kernel) {
    static std::map<const char *, KernelSettings> settings;
    return settings[kernel.name];
}

Kernel kernel_at(const void *function) {
    Kernel kernel = {};
    question = &kernel;
    // Its first statement answers and returns: it does not look at its parameters.
    reinterpret_cast<void (*)()>(const_cast<void *>(function))();
    question = nullptr;
    return kernel;
}

bool asked(Kernel (*answer)(const char *, unsigned), const char *name, unsigned bound) {
    if (!question) return false;
    *question = answer(name, bound);
    return true;
}

void configure(dim3 grid, dim3 block, size_t dynamic_shared, cudaStream_t stream) {
    configurations.push_back({grid, block, dynamic_shared, stream, __builtin_return_address(0)});
}

void configure_library(dim3 grid, dim3 block, size_t dynamic_shared, cudaStream_t stream, const void *frame, bool in_order) {
    const void *from = check::users_call(frame);
    configurations.push_back({grid, block, dynamic_shared, stream, from ? from : __builtin_return_address(0), false, in_order, from});
}

void run_grid(const char *name, unsigned bound, const void *closure, size_t size, size_t, void (*body)(void *)) {
    if (configurations.empty()) {
        note(cudaErrorMissingConfiguration);
        return;
    }
    const Configuration c = configurations.back();
    configurations.pop_back();
    Call call;
    const std::string readable = readable_name(name);
    if (call.error) return;
    if (const cudaError_t error = note(refusal(c, {name, bound, nullptr, nullptr}))) {
        check::launch_failed(readable.c_str(), error, c.pc);
        return;
    }
    capture_error = note(disturbs_capture(c.stream));
    if (const cudaError_t error = capture_error) {
        check::launch_failed(readable.c_str(), error, c.pc);
        return;
    }
    if (!capturing(c.stream)) return start(c, readable, stream_number(c.stream), closure, size, body);
    const auto kept = std::make_shared<const KeptBytes>(closure, size);   // which hold the parameters by value
    capture_error = note(keep(c.stream, Action(cudaGraphNodeTypeKernel, [=](uint32_t stream) {
        start(c, readable, stream, kept->begin(), size, body);
        return cudaSuccess;
    })));
    if (capture_error) check::launch_failed(readable.c_str(), capture_error, c.pc);
}

cudaError_t keep_kernel(const cudaKernelNodeParams &p, bool cooperative) {
    const Kernel kernel = p.func ? kernel_at(p.func) : Kernel{};
    if (!kernel.call) return cudaErrorInvalidDeviceFunction;
    const Configuration configuration{p.gridDim, p.blockDim, p.sharedMemBytes, nullptr, nullptr, cooperative};
    if (refusal(configuration, kernel) != cudaSuccess) return cudaErrorInvalidValue;
    configurations.push_back(configuration);
    kernel.call(p.func, p.kernelParams);
    return capture_error;
}

bool grid_abandoned() { return abandoned; }

unsigned worker_count() {
    static const unsigned count = [] {
        if (check::on) return 1u;
        if (const char *text = getenv("EMULATE_WORKERS")) return std::max(1u, static_cast<unsigned>(strtoul(text, nullptr, 10)));
        cpu_set_t cores;
        CPU_ZERO(&cores);
        sched_getaffinity(0, sizeof cores, &cores);
        return std::clamp(static_cast<unsigned>(CPU_COUNT(&cores)), 1u, 2u);
    }();
    return count;
}

uint64_t seed() {
    static const uint64_t value = [] {
        const char *text = getenv("EMULATE_SEED");
        return text ? strtoull(text, nullptr, 10) : 0ull;
    }();
    return value;
}

void lose_grid(int error) {
    device_faulted(static_cast<cudaError_t>(error));
    abandoned = true;
}

void abandon(int error) {
    lose_grid(error);
    Worker::here().abandon();
}

void let_others_run() {
    if (current) Worker::here().yield();
}

bool in_stack_of_current(const void *address) { return Worker::here().owns_stack(address); }

}  // namespace emulate

using namespace emulate;

static cudaError_t launch(const void *function, const Configuration &configuration, void **arguments) {
    if (!function) return note(cudaErrorInvalidDeviceFunction);
    const Kernel kernel = kernel_at(function);
    if (!kernel.call) return note(cudaErrorInvalidDeviceFunction);
    if (const cudaError_t error = refusal(configuration, kernel)) {
        check::launch_failed(readable_name(kernel.name).c_str(), error, configuration.pc);
        return note(error);
    }
    Call call;
    if (call.error) return call.error;
    configurations.push_back(configuration);
    capture_error = cudaSuccess;
    kernel.call(function, arguments);
    return capture_error;
}

#define HERE __builtin_return_address(0)

cudaError_t cudaLaunchKernel(const void *function, dim3 grid, dim3 block, void **arguments, size_t shared, cudaStream_t stream) {
    return launch(function, {grid, block, shared, stream, HERE}, arguments);
}

cudaError_t cudaLaunchCooperativeKernel(const void *function, dim3 grid, dim3 block, void **arguments, size_t shared, cudaStream_t stream) {
    return launch(function, {grid, block, shared, stream, HERE, true}, arguments);
}

cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t *config, const void *function, void **arguments) {
    if (!config) return note(cudaErrorInvalidConfiguration);
    Configuration wanted{config->gridDim, config->blockDim, config->dynamicSmemBytes, config->stream, HERE};
    for (unsigned i = 0; i < config->numAttrs; ++i) {
        const cudaLaunchAttribute &attribute = config->attrs[i];
        switch (attribute.id) {
            case cudaLaunchAttributeCooperative: wanted.cooperative = attribute.val.cooperative != 0; break;
            // What these ask for changes no result.
            case cudaLaunchAttributeIgnore:
            case cudaLaunchAttributePriority:
            case cudaLaunchAttributeAccessPolicyWindow:
            case cudaLaunchAttributePreferredSharedMemoryCarveout: break;
            case cudaLaunchAttributeClusterDimension: check::unsupported("thread block clusters");
            default: check::unsupported("an attribute of cudaLaunchKernelEx");
        }
    }
    return launch(function, wanted, arguments);
}
