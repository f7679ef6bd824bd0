// Runs blocks on one OS thread: which thread goes on when one waits, barriers, operations of a warp.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "fiber.h"
#include "world.h"

namespace emulate {

constexpr unsigned warp_size = 32;
constexpr unsigned max_block_threads = 1024;
constexpr unsigned max_warps = max_block_threads / warp_size;

// What a grid runs: a closure that holds the kernel's parameters.
struct Grid {
    Launch *launch;
    const void *closure;
    size_t closure_size;
    void (*body)(void *copy);
    uint64_t seed;  // 0: natural order
    bool in_order;  // of the blocks, whatever the seed
};

// Lanes of a warp that meet, each with a value. It is over for a lane once the lane has read what it wants of the others.
struct Meeting {
    uint32_t mask = 0;      // who is expected; for an open one, who came
    uint32_t arrived = 0;
    uint32_t present = 0;   // who still reads
    uint8_t kind = 0;
    const void *place = nullptr;   // open meetings: the calling instruction
    uint64_t values[warp_size];
    uint32_t extra[warp_size];
};

// What a thread waits for when it does not run.
struct Fiber {
    void *stack_pointer = nullptr;     // null: has not started
    unsigned char *stack = nullptr;
    Meeting *meeting = nullptr;
    const void *barrier = nullptr;     // where it waits for the block, or for the grid: a return address
    bool grid = false;                 // it waits for the grid
    int32_t vote = 0;                  // what it brought to the barrier
};

// A block in progress.
struct Context {
    Block block;
    Thread threads[max_block_threads];
    Fiber fibers[max_block_threads];
    uint16_t ready[max_block_threads];   // a ring
    uint32_t ready_head, ready_count;
    uint32_t live;                       // threads that have not ended
    uint32_t waiting;                    // at the block's barrier
    int32_t votes, nonzero, result_votes, result_nonzero;  // of the barrier that fills, of the one that opened last
    uint32_t warps;
    uint32_t exited[max_warps];          // masks of lanes
    uint16_t runnable[max_warps];        // lanes that run or are ready
    std::vector<Meeting *> meetings[max_warps], open[max_warps];
    uint32_t idle_yields;                // yields since something last changed
    bool spins = false;                  // that was long ago
    uint64_t random;                     // state of the generator; 0: natural order
    bool at_grid;                        // all that live wait for the grid
    std::vector<unsigned char> shared;   // its shared memory, while another block runs

    bool cooperative() const { return block.launch->cooperative; }
};

class Worker {
  public:
    Worker();
    // Runs a block to its end. False: the grid was abandoned.
    bool run(const Grid &grid, uint64_t linear);
    // Runs all blocks of a cooperative grid, which wait for each other. `order(phase, i)`: the blocks' order between two barriers.
    bool run_together(const Grid &grid, uint64_t blocks, const std::function<uint64_t(uint64_t, uint64_t)> &order);

    // From device code: the current thread …
    int barrier(const void *pc, int predicate, int *nonzero);   // … waits for its block; the number of predicates that hold
    void grid_barrier(const void *pc);
    Meeting &meet(uint32_t mask, uint8_t kind, uint64_t value, uint32_t extra, const void *pc);
    Meeting &meet_open(uint64_t value, const void *pc);          // … and whoever of its warp comes to the same place
    void leave(Meeting &meeting);
    void yield();
    [[noreturn]] void abandon();
    [[noreturn]] void exit_thread();
    void tick();   // from a signal handler, in user code

    bool owns_stack(const void *address) const { return stacks_.owns(address); }

    static Worker &here();

  private:
    static void entry();
    [[noreturn]] void thread_main();
    void begin(const Grid &grid, uint64_t linear);
    void enter();                // the block's threads run until all have ended or wait for the grid
    void clean_up();
    void stop(Context &context, bool ended);
    void resume(Context &context);
    bool all_at_grid();
    void make_ready(uint32_t linear);
    void wait();                 // the current thread leaves the ready ones
    void go_on();                // switches to the next ready thread
    void thread_ended();
    bool barrier_if_complete();
    bool arrive_at_grid();
    void tell_of_exited(Thread &here, const void *pc);
    void meeting_if_complete(uint32_t warp, Meeting &meeting);
    bool settle_open(uint32_t warp);
    void stuck();
    uint32_t take_ready();
    void shuffle_ready(uint32_t from);
    Meeting *new_meeting();
    Fiber &fiber() { return context_->fibers[current->linear]; }

    Context *context_;                                  // of the block that runs
    std::vector<std::unique_ptr<Context>> contexts_;    // the first is the one of blocks that run alone
    const Grid *grid_ = nullptr;
    StackPool stacks_;
    std::vector<std::unique_ptr<Meeting>> all_meetings_;
    std::vector<Meeting *> free_meetings_;
    std::vector<unsigned char> closure_;
    void *home_ = nullptr;       // the OS thread's own stack
    bool abandoned_ = false;
    uint64_t switches_ = 0, seen_switches_ = 0;
};

}  // namespace emulate
