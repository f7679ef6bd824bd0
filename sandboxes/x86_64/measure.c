// Runs a candidate and its baseline as processes of their own, and times them from outside.
//
//   measure KEY=VALUE…
//     cases=N      inputs: /job/in/assay/case-I.stdin and .args ("LENGTH\nBYTES\n" each)
//     hidden=N     further inputs, made here: the output of /job/build/generator SEED, or without one, case 0 with SEED as
//                  one argument more
//     seed=N       of the hidden inputs and of the order within pairs
//     baseline=0|1 whether there is one;  abi=0|1 whether /job/build/candidate.abi is to be run too
//     pairs=N      most pairs to time; 0: none     budget_ms=N   CPU time to spend on pairs
//     cpu_s=N      CPU time of one run             output=N      bytes of one run's output
//     mode=N       0: all of the above; 1: only /job/build/candidate.san; 2: callgrind over the first input
//
// What it prints is the step's log, and read by the judge; "BYTES" is a count, and that many bytes follow on the next line:
//   begin WHO CASE                                              before a run, so that what ended a job is known
//   run WHO CASE exit|signal|timeout|output N CPU_US WALL_US OUT_BYTES ERR_BYTES
//   abi CASE MAGIC CALLS STEPS BROKEN CALL_RSP
//   pair FIRST CANDIDATE_US BASELINE_US EMPTY_US CANDIDATE_WALL_US BASELINE_WALL_US
//   differs CASE | unstable WHO CASE | done
//
// A run can neither touch a clock nor a file nor another process: programs are read into sealed memory before any of them
// is run, stdin and stdout are memory files of that run alone, and a filter of system calls allows what computing
// needs. Nothing that one run does is seen by the next. CPU time is the kernel's account of the reaped process, its
// threads included; it cannot have children.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_CASES 512
#define MAX_ARGS 300
// Wall time of a run, as a multiple of its CPU time: it only ends what sleeps.
#define SLEEP_FACTOR 20
// Fewer pairs than this can never be enough evidence.
#define MIN_PAIRS 16

struct program { int fd; const char *name; };
struct input { int stdin_fd; char *argv[MAX_ARGS]; int argc; };
struct result { char how; int code; long cpu_us, wall_us; int out, err; off_t out_len, err_len; };

static long cases, hidden, seed, baseline, abi, pairs, budget_ms, cpu_s = 10, output = 1 << 20, mode;
static struct input inputs[MAX_CASES];
static char *environment[] = {"LANG=C", "PATH=/usr/bin:/bin", "HOME=/job", NULL};

static void die(const char *what) {
  printf("broken %s: %s\n", what, strerror(errno));
  exit(3);
}

// ---- the filter -------------------------------------------------------------------------------------------------------

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define LOAD_ARG(n) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + 8 * (n))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, (value))
#define REFUSE(error) RETURN(SECCOMP_RET_ERRNO | (error))
#define CALL(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), RETURN(SECCOMP_RET_ALLOW)
// Where a pid must be the caller's own; filled in by the caller.
#define OWN_PID 0x7fffffff
#define ONLY_SELF(name) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 4), LOAD_ARG(0), \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_PID, 0, 1), RETURN(SECCOMP_RET_ALLOW), REFUSE(EPERM)
// Refused where the argument has one of these bits.
#define WITHOUT(name, arg, bits) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 4), LOAD_ARG(arg), \
  BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), 1, 0), RETURN(SECCOMP_RET_ALLOW), REFUSE(EACCES)
#define WRITING (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)

// What a program needs to compute, to read, to write what is open, and to have threads. What starts processes, writes to
// the file system, makes pages of code, talks to others or outlives the process is not on it.
static struct sock_filter filter[] = {
  LOAD(arch), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0), REFUSE(EPERM), LOAD(nr),
  CALL(read), CALL(write), CALL(mremap), CALL(brk), CALL(munmap), CALL(readv), CALL(writev), CALL(pread64), CALL(pwrite64),
  CALL(lseek), CALL(close), CALL(fstat), CALL(stat), CALL(lstat), CALL(newfstatat), CALL(statx), CALL(access),
  CALL(faccessat), CALL(faccessat2), CALL(readlink), CALL(readlinkat), CALL(getcwd), CALL(getdents64), CALL(fadvise64),
  CALL(ioctl), CALL(fcntl), CALL(dup), CALL(dup2), CALL(dup3), CALL(pipe), CALL(pipe2), CALL(poll), CALL(ppoll),
  CALL(select), CALL(pselect6), CALL(eventfd2), CALL(epoll_create1), CALL(epoll_ctl), CALL(epoll_wait),
  CALL(epoll_pwait), CALL(madvise), CALL(mlock), CALL(munlock), CALL(mincore), CALL(msync),
  CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigreturn), CALL(rt_sigtimedwait), CALL(sigaltstack), CALL(pause),
  CALL(alarm), CALL(setitimer), CALL(getitimer), CALL(nanosleep), CALL(clock_nanosleep), CALL(clock_gettime),
  CALL(clock_getres), CALL(gettimeofday), CALL(time), CALL(times), CALL(getrusage), CALL(getrlimit), CALL(prlimit64),
  CALL(getpid), CALL(gettid), CALL(getppid), CALL(getuid), CALL(geteuid), CALL(getgid), CALL(getegid), CALL(uname),
  CALL(sysinfo), CALL(getcpu), CALL(sched_getaffinity), CALL(sched_yield), CALL(futex), CALL(set_tid_address),
  CALL(set_robust_list), CALL(rseq), CALL(membarrier), CALL(arch_prctl), CALL(getrandom), CALL(umask), CALL(exit),
  CALL(exit_group), CALL(execveat), CALL(restart_syscall),
  WITHOUT(open, 1, WRITING), WITHOUT(openat, 2, WRITING), WITHOUT(mmap, 2, PROT_EXEC), WITHOUT(mprotect, 2, PROT_EXEC),
  ONLY_SELF(kill), ONLY_SELF(tgkill),
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4), LOAD_ARG(0),
  BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x00010000 /* CLONE_THREAD */, 0, 1), RETURN(SECCOMP_RET_ALLOW), REFUSE(EPERM),
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1), REFUSE(ENOSYS),
  REFUSE(EPERM),
};

// What sanitizers and callgrind need is more than can be listed: they may do all but reach other processes,
// start some, or write files, which only callgrind does.
#define REFUSED(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), REFUSE(EPERM)
static struct sock_filter loose[] = {
  LOAD(arch), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0), REFUSE(EPERM), LOAD(nr),
  REFUSED(fork), REFUSED(vfork), REFUSED(tkill), REFUSED(rt_sigqueueinfo), REFUSED(rt_tgsigqueueinfo),
  REFUSED(pidfd_send_signal), REFUSED(setpriority), REFUSED(sched_setscheduler), REFUSED(sched_setattr), REFUSED(rename),
  REFUSED(renameat), REFUSED(renameat2), REFUSED(truncate), REFUSED(link), REFUSED(linkat), REFUSED(symlink),
  REFUSED(symlinkat), REFUSED(rmdir), WITHOUT(open, 1, WRITING), WITHOUT(openat, 2, WRITING),
  ONLY_SELF(kill), ONLY_SELF(tgkill),
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4), LOAD_ARG(0),
  BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x00010000 /* CLONE_THREAD */, 0, 1), RETURN(SECCOMP_RET_ALLOW), REFUSE(EPERM),
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1), REFUSE(ENOSYS),
  RETURN(SECCOMP_RET_ALLOW),
};

// The child shares its parent's memory until it execs, so its own number is written into the one list.
static void confine(void) {
  static size_t own[2];
  struct sock_filter *list = mode ? loose : filter;
  size_t length = mode ? sizeof loose / sizeof *loose : sizeof filter / sizeof *filter;
  if (!own[0])
    for (size_t i = 0, n = 0; i < length && n < 2; i++)
      if (list[i].k == OWN_PID) own[n++] = i;
  for (size_t i = 0; i < length && mode == 2; i++)
    if (list[i].k == WRITING) list[i].k = 0;
  for (size_t n = 0; n < 2; n++) list[own[n]].k = getpid();
  struct sock_fprog program = {length, list};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) _exit(126);
}

// ---- programs and inputs ----------------------------------------------------------------------------------------------

static int memory_file(const char *name) {
  int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) die("memfd_create");
  return fd;
}

static void seal(int fd) {
  if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)) die("seal");
}

static int copy_of(const char *path) {
  char buffer[1 << 16];
  int from = open(path, O_RDONLY | O_CLOEXEC), to = memory_file("copy");
  if (from < 0) die(path);
  for (ssize_t n; (n = read(from, buffer, sizeof buffer)) != 0;)
    if (n < 0 || write(to, buffer, n) != n) die(path);
  close(from);
  seal(to);
  return to;
}

static struct program load(const char *name, const char *path) { return (struct program){copy_of(path), name}; }

// The same program on other pages: how fast it is may hinge on which those are.
static struct program moved(const struct program *p) {
  static char buffer[1 << 16];
  struct program other = {memory_file("moved"), p->name};
  if (lseek(p->fd, 0, SEEK_SET)) die("rewind");
  for (ssize_t n; (n = read(p->fd, buffer, sizeof buffer)) != 0;)
    if (n < 0 || write(other.fd, buffer, n) != n) die("move a program");
  seal(other.fd);
  return other;
}

static void read_case(int index) {
  char path[64];
  struct input *in = &inputs[index];
  snprintf(path, sizeof path, "/job/in/assay/case-%d.stdin", index);
  in->stdin_fd = copy_of(path);
  snprintf(path, sizeof path, "/job/in/assay/case-%d.args", index);
  FILE *f = fopen(path, "r");
  if (!f) die(path);
  in->argv[in->argc++] = "program";
  for (long n; in->argc < MAX_ARGS - 2 && fscanf(f, "%ld", &n) == 1;) {
    char *arg = calloc(1, n + 1);
    if (!arg || fgetc(f) != '\n' || fread(arg, 1, n, f) != (size_t)n) die(path);
    in->argv[in->argc++] = arg;
  }
  fclose(f);
}

static uint64_t mixed(uint64_t x) {  // splitmix64
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// ---- one run ----------------------------------------------------------------------------------------------------------

static long micros(struct timeval t) { return t.tv_sec * 1000000L + t.tv_usec; }

static long now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

static void limit(int what, rlim_t soft, rlim_t hard) {
  struct rlimit r = {soft, hard};
  if (setrlimit(what, &r)) _exit(126);
}

// Who is running, for the alarm that ends what only waits.
static volatile pid_t running;
static void wake(int signal) {
  (void)signal;
  if (running > 0) kill(running, SIGKILL);
}

// Runs a program; `page`, unless negative, becomes its descriptor 3. The result's two files are open.
static struct result run(struct program *p, struct input *in, int page) {
  struct result r = {.out = memory_file("out"), .err = memory_file("err")};
  struct rusage use;
  int status;
  if (lseek(in->stdin_fd, 0, SEEK_SET)) die("rewind");
  long start = now_us();
  pid_t pid = vfork();
  if (pid == 0) {
    if (dup2(in->stdin_fd, 0) || dup2(r.out, 1) != 1 || dup2(r.err, 2) != 2) _exit(126);
    if (page >= 0 && dup2(page, 3) != 3) _exit(126);
    if (syscall(SYS_close_range, page >= 0 ? 4 : 3, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */)) _exit(126);
    limit(RLIMIT_CPU, cpu_s, cpu_s + 1);
    limit(RLIMIT_FSIZE, output, output);
    limit(RLIMIT_CORE, 0, 0);
    confine();
    syscall(SYS_execveat, p->fd, "", in->argv, environment, AT_EMPTY_PATH);
    _exit(126);
  }
  if (pid < 0) die("vfork");
  running = pid;
  alarm(cpu_s * SLEEP_FACTOR);
  while (wait4(pid, &status, 0, &use) < 0)
    if (errno != EINTR) die("wait4");
  running = 0;
  alarm(0);
  r.wall_us = now_us() - start;
  r.cpu_us = micros(use.ru_utime) + micros(use.ru_stime);
  r.how = WIFEXITED(status) ? 'e' : 's';
  r.code = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
  if (r.how == 'e' && r.code == 126) die(p->name);
  if (r.how == 's' && (r.code == SIGXCPU || (r.code == SIGKILL && r.cpu_us >= cpu_s * 1000000L))) r.how = 't';
  if (r.how == 's' && r.code == SIGKILL && r.wall_us >= cpu_s * SLEEP_FACTOR * 1000000L) {
    // Waiting for the machine is not its fault, waiting for nothing is.
    errno = EBUSY;
    if (r.cpu_us > r.wall_us / 100) die("a run got hardly any CPU time");
    r.how = 't';
  }
  if (r.how == 's' && r.code == SIGXFSZ) r.how = 'o';
  r.out_len = lseek(r.out, 0, SEEK_END);
  r.err_len = lseek(r.err, 0, SEEK_END);
  if (r.out_len >= output) r.how = 'o';
  return r;
}

static void discard(struct result *r) {
  close(r->out);
  close(r->err);
}

static char *text_of(int fd, off_t len) {
  char *text = malloc(len + 1);
  if (!text || pread(fd, text, len, 0) != len) die("read an output");
  text[len] = 0;
  return text;
}

static void copy_out(int fd, off_t len) {
  char *text = text_of(fd, len);
  fwrite(text, 1, len, stdout);
  putchar('\n');
  free(text);
}

static void report(struct program *p, int index, struct result *r) {
  const char *how = r->how == 'e' ? "exit" : r->how == 's' ? "signal" : r->how == 't' ? "timeout" : "output";
  off_t out = r->how == 'o' ? 0 : r->out_len, err = r->err_len > 2000 ? 2000 : r->err_len;
  printf("run %s %d %s %d %ld %ld %ld %ld\n", p->name, index, how, r->code, r->cpu_us, r->wall_us, (long)out, (long)err);
  copy_out(r->out, out);
  copy_out(r->err, err);
}

static int space(char c) { return c == ' ' || (c >= 9 && c <= 13); }

// Whether two outputs are the same but for white space: looser than the judge, which decides.
static int alike(struct result *a, struct result *b) {
  char *x = text_of(a->out, a->out_len), *y = text_of(b->out, b->out_len), *p = x, *q = y, *x_end = x + a->out_len, *y_end = y + b->out_len;
  for (;;) {
    while (p < x_end && space(*p)) p++;
    while (q < y_end && space(*q)) q++;
    if (p == x_end || q == y_end || *p != *q) break;
    p++, q++;
  }
  int same = p == x_end && q == y_end;
  free(x), free(y);
  return same;
}

static int identical(struct result *a, struct result *b) {
  if (a->how != b->how || a->code != b->code || a->out_len != b->out_len) return 0;
  char *x = text_of(a->out, a->out_len), *y = text_of(b->out, b->out_len);
  int same = !memcmp(x, y, a->out_len);
  free(x), free(y);
  return same;
}

static struct result announced(struct program *p, int index, int page) {
  printf("begin %s %d\n", p->name, index);
  fflush(stdout);
  return run(p, &inputs[index], page);
}

// ---- the plan ---------------------------------------------------------------------------------------------------------

static void read_inputs(void) {
  if (cases < 1 || cases + hidden > MAX_CASES) { errno = EINVAL; die("cases"); }
  for (int i = 0; i < cases; i++) read_case(i);
  struct program generator;
  int generated = !access("/job/build/generator", F_OK);
  if (generated) generator = load("generator", "/job/build/generator");
  for (int i = 0; i < hidden; i++) {
    struct input *in = &inputs[cases + i];
    char *word = malloc(24);
    if (!word) die("malloc");
    snprintf(word, 24, "%lu", (unsigned long)(mixed(seed + i) >> 33));
    *in = inputs[0];
    if (!generated) {
      in->argv[in->argc++] = word;
      continue;
    }
    struct input none = {.stdin_fd = memory_file("nothing"), .argv = {"generator", word}, .argc = 2};
    printf("begin generator %d\n", i);
    struct result r = run(&generator, &none, -1);
    if (r.how != 'e' || r.code) { report(&generator, (int)cases + i, &r); printf("done\n"); exit(0); }
    seal(r.out);
    in->stdin_fd = r.out;
    close(r.err);
    close(none.stdin_fd);
  }
}

struct abi_page { uint64_t magic, calls, steps, broken, call_rsp; };

// Whether the calls keep what they must.
static int run_abi(struct result *expected, int index) {
  struct program p = load("abi", "/job/build/candidate.abi");
  int page = memory_file("abi");
  if (ftruncate(page, 4096)) die("ftruncate");
  struct result r = announced(&p, index, page);
  struct abi_page *seen = mmap(NULL, 4096, PROT_READ, MAP_SHARED, page, 0);
  if (seen == MAP_FAILED) die("mmap");
  printf("abi %d %lx %lu %lu %lu %lu\n", index, seen->magic, seen->calls, seen->steps, seen->broken, seen->call_rsp);
  int kept = seen->broken == 0 && identical(&r, expected);
  if (!identical(&r, expected)) report(&p, index, &r);
  munmap(seen, 4096);
  close(page);
  close(p.fd);
  discard(&r);
  return kept;
}

// Runs every input once on a program; false if an output is not the one that it had before.
static int sample(struct program *p, struct result *first, long *cpu, long *wall) {
  *cpu = *wall = 0;
  for (int i = 0; i < cases + hidden; i++) {
    struct result r = run(p, &inputs[i], -1);
    int same = identical(&r, &first[i]);
    if (!same) printf("unstable %s %d\n", p->name, i), report(p, i, &r);
    *cpu += r.cpu_us;
    *wall += r.wall_us;
    discard(&r);
    if (!same) return 0;
  }
  return 1;
}

static void time_pairs(struct program *candidate, struct program *base, struct result *mine, struct result *theirs) {
  struct program empty = load("empty", "/job/build/empty");
  long c, b, c_wall, b_wall, e = 0, unused;
  printf("begin warm 0\n");
  fflush(stdout);
  if (!sample(candidate, mine, &c, &unused) || !sample(base, theirs, &b, &unused)) return;
  long n = budget_ms * 1000 / (c + b + 1000);
  n = n < MIN_PAIRS ? MIN_PAIRS : n > pairs ? pairs : n;
  for (long i = 0; i < n; i++) {
    // A coin decides which is first, in memory and in time.
    int first = mixed(seed ^ (i << 32)) >> 63;
    for (int turn = 0; turn < 2; turn++) {
      int is_candidate = turn == first;
      struct program p = moved(is_candidate ? candidate : base);
      int same = is_candidate ? sample(&p, mine, &c, &c_wall) : sample(&p, theirs, &b, &b_wall);
      close(p.fd);
      if (!same) return;
    }
    struct result r = run(&empty, &inputs[0], -1);
    e = r.cpu_us;
    discard(&r);
    printf("pair %d %ld %ld %ld %ld %ld\n", first, c, b, e * (cases + hidden), c_wall, b_wall);
  }
}

static void option(const char *word) {
  struct { const char *name; long *value; } known[] = {
    {"cases", &cases}, {"hidden", &hidden}, {"seed", &seed}, {"baseline", &baseline}, {"abi", &abi}, {"pairs", &pairs},
    {"budget_ms", &budget_ms}, {"cpu_s", &cpu_s}, {"output", &output}, {"mode", &mode},
  };
  const char *at = strchr(word, '=');
  for (size_t i = 0; at && i < sizeof known / sizeof *known; i++)
    if (!strncmp(known[i].name, word, at - word) && !known[i].name[at - word]) { *known[i].value = atol(at + 1); return; }
  errno = EINVAL;
  die(word);
}

// Runs the inputs on the candidate built with sanitizers. Nothing is timed after it.
static void sanitized(void) {
  struct program p = load("sanitized", "/job/build/candidate.san");
  for (int i = 0; i < cases + hidden; i++) {
    struct result r = announced(&p, i, -1);
    report(&p, i, &r);
    discard(&r);
    if (r.how != 'e' || r.code) return;
  }
}

static void counted(const char *name, char *path) {
  struct program valgrind = load(name, "/usr/bin/valgrind.bin");
  struct input in = inputs[0];
  char *prefix[] = {"valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", path};
  in.argc = inputs[0].argc + 3;
  memcpy(in.argv, prefix, sizeof prefix);
  memcpy(in.argv + 4, inputs[0].argv + 1, (inputs[0].argc - 1) * sizeof *in.argv);
  printf("begin %s 0\n", name);
  fflush(stdout);
  struct result r = run(&valgrind, &in, -1);
  report(&valgrind, 0, &r);
  discard(&r);
}

static void measured(void) {
  static struct result mine[MAX_CASES], theirs[MAX_CASES];
  struct program candidate = load("candidate", "/job/build/candidate"), base = candidate;
  if (baseline) base = load("baseline", "/job/build/baseline");
  int right = 1;
  for (int i = 0; i < cases + hidden && right; i++) {
    if (baseline) {
      theirs[i] = announced(&base, i, -1);
      report(&base, i, &theirs[i]);
    }
    mine[i] = announced(&candidate, i, -1);
    report(&candidate, i, &mine[i]);
    right = mine[i].how == 'e' && !mine[i].code;
    // A crash may be the caller's, whose registers were not kept.
    if (mine[i].how == 's' && abi) run_abi(&mine[i], i);
    if (right && baseline && (theirs[i].how != 'e' || theirs[i].code || !alike(&mine[i], &theirs[i]))) {
      printf("differs %d\n", i);
      right = 0;
    }
    if (right && abi && (i < 2 || i == cases)) right = run_abi(&mine[i], i);
  }
  if (right && baseline && pairs && access("/job/build/unchanged", F_OK)) time_pairs(&candidate, &base, mine, theirs);
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) option(argv[i]);
  struct sigaction action = {.sa_handler = wake};
  if (sigaction(SIGALRM, &action, NULL)) die("sigaction");
  // Where there is a /proc, nobody looks into our memory or our open files through it.
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)) die("prctl");
  // One core for all of them: the one that we are on.
  cpu_set_t core;
  CPU_ZERO(&core);
  CPU_SET(sched_getcpu(), &core);
  if (sched_setaffinity(0, sizeof core, &core)) die("sched_setaffinity");
  if (chdir("/job/in/task")) die("/job/in/task");
  read_inputs();
  if (mode == 0) measured();
  if (mode == 1) sanitized();
  if (mode == 2) {
    if (baseline) counted("baseline", "/job/build/baseline");
    counted("candidate", "/job/build/candidate");
  }
  printf("done\n");
  return fflush(stdout) ? 3 : 0;
}
