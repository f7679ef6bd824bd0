// Drives the checker without the emulation: threads of a block are called one after the other, barriers are told by hand.
// c++ -std=c++20 -O2 harness.cpp ../*.cpp -static -no-pie -lbacktrace; EMULATE_REPORT=FILE ./a.out [speed]
#include <sys/mman.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "../../hooks.h"

extern "C" {
void __tsan_read4(void *);
void __tsan_write4(void *);
void __tsan_read8(void *);
}

namespace emulate {
thread_local Thread *current;
static int abandoned;
void abandon(int error) {
    abandoned = error;
    throw error;
}
void let_others_run() {}
bool in_stack_of_current(const void *) { return false; }
}  // namespace emulate

using namespace emulate;

namespace {

thread_local float tile[2][32][32];  // as a __shared__ array
thread_local int last_of_threads;
char *arena;  // mapped, 1 MiB
constexpr size_t arena_size = 1 << 20;

// A launch of one block whose steps lie between block barriers.
struct Grid {
    Launch &launch = *new Launch{};  // reports refer to it
    std::vector<Thread> threads;
    Block block{};
    explicit Grid(const char *name, uint32_t count, uint32_t stream = 0) {
        launch = {1, name, {4, 1, 1}, {count, 1, 1}, 0, stream};
        threads.resize(count);
        check::launch_begins(launch);
    }
    void begin(uint64_t linear) {
        block = {&launch, {static_cast<uint32_t>(linear), 0, 0}, linear, static_cast<uint32_t>(threads.size()), 0, nullptr, threads.data()};
        for (uint32_t i = 0; i < threads.size(); ++i) threads[i] = {&block, {i, 0, 0}, i, i / 32, i % 32, false};
        check::block_begins(block);
    }
    void step(const std::function<void(uint32_t)> &body) {
        for (Thread &thread : threads) {
            current = &thread;
            body(thread.linear);
        }
        current = nullptr;
    }
    void barrier() { check::block_barrier(block); }
    void end() { check::block_ends(block); }
    ~Grid() { check::launch_ends(launch, true); }
};

__attribute__((noinline)) void load(const float *at) { __tsan_read4(const_cast<float *>(at)); }
__attribute__((noinline)) void store(float *at) { __tsan_write4(at); }

void scenarios() {
    auto *data = reinterpret_cast<float *>(arena);
    check::allocated(check::Memory::device, data, 4096, __builtin_return_address(0));
    check::filled(data, 4096, 0, nullptr);
    {
        Grid grid("clean", 64);
        grid.begin(0);
        grid.step([&](uint32_t i) { store(&tile[0][0][i]); });
        grid.barrier();
        grid.step([&](uint32_t i) { load(&tile[0][0][63 - i]), store(data + i); });
        grid.end();
    }
    {
        Grid grid("shared_race", 64);
        grid.begin(0);
        grid.step([&](uint32_t i) { store(&tile[0][0][i]), load(&tile[0][0][63 - i]); });
        grid.end();
    }
    {
        Grid grid("global_race", 32);
        for (int b = 0; b < 2; ++b) {
            grid.begin(b);
            grid.step([&](uint32_t i) { store(data + i); });
            grid.end();
        }
    }
    {
        Grid grid("bounds", 1);
        grid.begin(0);
        grid.step([&](uint32_t) { load(data + 1024); });
        grid.end();
    }
    check::freed(data, nullptr);
    {
        Grid grid("freed", 1);
        grid.begin(0);
        grid.step([&](uint32_t) { load(data + 1); });
        grid.end();
    }
}

// The accesses to shared memory of a tiled matrix product of 512 x 512 x 512: 32 x 32 tiles.
void speed() {
    const auto start = std::chrono::steady_clock::now();
    uint64_t accesses = 0;
    Grid grid("matmul", 1024);
    for (int b = 0; b < 256; ++b) {
        grid.begin(b);
        for (int k = 0; k < 16; ++k) {
            for (Thread &thread : grid.threads) {
                current = &thread;
                store(&tile[0][thread.linear / 32][thread.lane]);
                store(&tile[1][thread.linear / 32][thread.lane]);
            }
            grid.barrier();
            for (Thread &thread : grid.threads) {
                current = &thread;
                for (int i = 0; i < 32; ++i) load(&tile[0][thread.linear / 32][i]), load(&tile[1][i][thread.lane]);
            }
            grid.barrier();
            accesses += 1024 * 66;
        }
        current = nullptr;
        grid.end();
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    printf("%.0f M accesses, %.1f ns each\n", accesses / 1e6, seconds * 1e9 / accesses);
}

}  // namespace

int main(int count, char **arguments) {
    arena = static_cast<char *>(mmap(nullptr, arena_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    check::start();
    check::arena(check::Memory::device, arena, arena_size);
    last_of_threads = 0;
    if (count > 1 && !strcmp(arguments[1], "speed")) speed();
    else scenarios();
    check::finish("exit");
}
