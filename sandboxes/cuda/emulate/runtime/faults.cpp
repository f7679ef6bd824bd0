#include "faults.h"

#include <elf.h>
#include <signal.h>
#include <sys/auxv.h>
#include <ucontext.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <initializer_list>
#include <cstdlib>

#include "hooks.h"
#include "memory.h"
#include "worker.h"

// Where the user's code ends: the archive's first member, linked right behind the user's objects.
extern "C" void emulate_text_end();

namespace emulate {

namespace {

constexpr size_t signal_stack_size = 64 << 10;

[[noreturn]] void illegal_address() { abandon(700); }           // cudaErrorIllegalAddress
[[noreturn]] void misaligned_address() { abandon(716); }        // cudaErrorMisalignedAddress
[[noreturn]] void illegal_instruction() { abandon(715); }       // cudaErrorIllegalInstruction

// Device code: the handler returns into a function that ends the grid. That one runs on what is left of a good stack: the
// red zone below the stack pointer is nobody's any more, and abandoning needs next to nothing; a stack that has overflowed
// is no good stack, so a piece of our own is used in any case.
void handle(int signal, siginfo_t *info, void *raw) {
    auto *context = static_cast<ucontext_t *>(raw);
    const auto pc = reinterpret_cast<const void *>(context->uc_mcontext.gregs[REG_RIP]);
    const bool write = (context->uc_mcontext.gregs[REG_ERR] & 2) != 0;   // page fault error code, bit 1
    if (current) {
        static thread_local unsigned char last_stack[16 << 10] __attribute__((aligned(16)));
        const auto target = signal == SIGBUS ? &misaligned_address : signal == SIGSEGV ? &illegal_address : &illegal_instruction;
        context->uc_mcontext.gregs[REG_RSP] = reinterpret_cast<greg_t>(last_stack + sizeof last_stack - 8);
        context->uc_mcontext.gregs[REG_RIP] = reinterpret_cast<greg_t>(target);
        check::host_fault(info->si_addr, write, pc);
        return;
    }
    if (signal == SIGSEGV) check::host_fault(info->si_addr, write, pc);
    last_words(signal == SIGSEGV ? "segmentation fault" : signal == SIGBUS ? "bus error" : signal == SIGFPE ? "arithmetic fault" : "illegal instruction");
    // As without the handler: the instruction faults again.
    ::signal(signal, SIG_DFL);
}

void give_signal_stack() {
    stack_t stack = {};
    stack.ss_sp = malloc(signal_stack_size);
    stack.ss_size = signal_stack_size;
    sigaltstack(&stack, nullptr);
}

constexpr long tick_nanoseconds = 5'000'000;
const int tick_signal = SIGRTMIN + 4;

// On the stack of the thread that is interrupted, which stays there while others run. Only if it was in the user's own code:
// elsewhere it may hold a lock.
void handle_tick(int, siginfo_t *, void *raw) {
    const auto pc = static_cast<uintptr_t>(static_cast<ucontext_t *>(raw)->uc_mcontext.gregs[REG_RIP]);
    if (current && pc < reinterpret_cast<uintptr_t>(&emulate_text_end)) Worker::here().tick();
}

// One for each OS thread.
timer_t tick_timer() {
    static thread_local const timer_t timer = [] {
        struct sigaction action = {};
        action.sa_sigaction = handle_tick;
        action.sa_flags = SA_SIGINFO | SA_RESTART | SA_NODEFER;
        sigaction(tick_signal, &action, nullptr);
        sigevent event = {};
        event.sigev_notify = SIGEV_THREAD_ID;
        event.sigev_signo = tick_signal;
        event._sigev_un._tid = gettid();
        timer_t made;
        if (timer_create(CLOCK_MONOTONIC, &event, &made) != 0) abort();
        return made;
    }();
    return timer;
}

void set_ticks(long nanoseconds) {
    const itimerspec times = {{0, nanoseconds}, {0, nanoseconds}};
    timer_settime(tick_timer(), 0, &times, nullptr);
}

pid_t program = 0;   // the process that began

struct AtStart {
    AtStart() {
        program = getpid();
        prepare_for_faults();
        declare_arenas();
        check::start();
        atexit([] { check::finish("exit"); });
    }
} at_start __attribute__((init_priority(200)));

}  // namespace

// The linker gives every call of `exit` to this one: who ends a program matters to its judge.
extern "C" [[noreturn]] void __real_exit(int status);
extern "C" [[noreturn]] void __wrap_exit(int status) {
    check::exits(__builtin_return_address(0));
    __real_exit(status);
}

// Likewise the calls that end a program without what `exit` does last: failed assertions, uncaught exceptions and a heap found
// broken come to `abort`. After `exit` has written all, each of them finds nothing left to write.
extern "C" [[noreturn]] void __real_abort();
extern "C" [[noreturn]] void __wrap_abort() {
    last_words("abort");
    __real_abort();
}
#define EMULATE_ENDS(name)                                      \
    extern "C" [[noreturn]] void __real_##name(int status);     \
    extern "C" [[noreturn]] void __wrap_##name(int status) {    \
        last_words(#name);                                      \
        __real_##name(status);                                  \
    }
EMULATE_ENDS(_exit)
EMULATE_ENDS(_Exit)
EMULATE_ENDS(quick_exit)
#undef EMULATE_ENDS

void last_words(const char *how) {
    if (getpid() != program) return;   // a child that ends, perhaps in its parent's memory
    // Whoever ends so may hold a lock that writing needs: the heap's, if the heap is broken. Then the alarm ends it.
    constexpr unsigned patience = 5;   // seconds
    sigset_t alarm_only;
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    ::signal(SIGALRM, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &alarm_only, nullptr);
    alarm(patience);
    check::finish(how);
    alarm(0);
}

void prepare_for_faults() {
    give_signal_stack();
    struct sigaction action = {};
    action.sa_sigaction = handle;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    for (int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE}) sigaction(signal, &action, nullptr);
}

Ticks::Ticks() {
    if (!check::instrumented()) set_ticks(tick_nanoseconds);
}
Ticks::~Ticks() {
    if (!check::instrumented()) set_ticks(0);
}

bool check::instrumented() {
    // A symbol's address that is a number; the compiler would take it for never 0.
    uintptr_t value;
    asm("movq $emulate_instrumented, %0" : "=r"(value));
    return value != 0;
}

size_t thread_local_size() {
    // The program's own headers, as the kernel hands them over.
    const auto *header = reinterpret_cast<const Elf64_Phdr *>(getauxval(AT_PHDR));
    for (unsigned long i = 0; i < getauxval(AT_PHNUM); ++i)
        if (header[i].p_type == PT_TLS) return header[i].p_memsz + header[i].p_align;
    return 0;
}

}  // namespace emulate
