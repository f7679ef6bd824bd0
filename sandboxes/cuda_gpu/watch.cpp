// Linked into a program that runs on a GPU: counts its launches, and times them by events. The linker leads every launch
// here (`--wrap`, see install.sh). When the program comes to its end, it writes to the file that ASSAY_GPU_REPORT names, a
// JSON object a line, as the emulation's report has them: one per kernel, and `end`.
//
// The first line of descriptor 3 goes into the last line, and can be read there no more when the program's own constructors
// run: a report that it writes itself lacks it.
//
// Events are recorded in the launch's own stream, and nobody waits for them: what the program does not wait for itself may
// lack its time. Neither its results nor the error that it reads afterwards change.
#include <cuda_runtime_api.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace {

// Launches of a kernel that are timed, its first ones: each holds two events.
constexpr size_t TIMED = 256;
char token[65];

struct Kernel {
  unsigned long launches = 0, errors = 0;
  unsigned threads = 0;
  size_t dynamic = 0;
  std::vector<std::pair<cudaEvent_t, cudaEvent_t>> events;
  std::vector<float> times_us;
};

struct Record {
  std::mutex lock;
  // by mangled name
  std::map<std::string, Kernel> kernels;
  unsigned long graphs = 0;
  // of the first launch that failed
  cudaError_t error = cudaSuccess;
};

pid_t program = 0;
// One way to launch may lead through another.
thread_local bool within = false;

// Never destroyed: other destructors may launch.
Record &record() {
  static Record *all = new Record;
  return *all;
}

void read_times() {
  std::lock_guard<std::mutex> held(record().lock);
  for (auto &[name, kernel] : record().kernels) {
    for (auto [start, stop] : kernel.events) {
      float ms = 0;
      if (cudaEventQuery(stop) == cudaSuccess && cudaEventElapsedTime(&ms, start, stop) == cudaSuccess)
        kernel.times_us.push_back(ms * 1000);
    }
    kernel.events.clear();
  }
}

void tell() {
  if (getpid() != program) return;  // a child made by fork has nothing to say
  const char *path = std::getenv("ASSAY_GPU_REPORT");
  std::FILE *file = path ? std::fopen(path, "w") : nullptr;
  if (!file) return;
  std::lock_guard<std::mutex> held(record().lock);
  unsigned long launches = record().graphs, errors = 0;
  for (auto &[name, kernel] : record().kernels) {
    launches += kernel.launches;
    errors += kernel.errors;
    std::fprintf(file, "{\"kind\":\"kernel\",\"kernel\":\"%s\",\"launches\":%lu,\"max_block_threads\":%u,\"max_dynamic_shared\":%zu",
                 name.c_str(), kernel.launches, kernel.threads, kernel.dynamic);
    auto &times = kernel.times_us;
    std::sort(times.begin(), times.end());
    if (!times.empty())
      std::fprintf(file, ",\"time_us\":{\"timed\":%zu,\"least\":%.3f,\"median\":%.3f,\"most\":%.3f}", times.size(), times.front(),
                   times[times.size() / 2], times.back());
    std::fprintf(file, "}\n");
  }
  std::fprintf(file, "{\"kind\":\"end\",\"how\":\"exit\",\"launches\":%lu,\"launch_errors\":%lu,\"launch_error\":%d,\"token\":\"%s\"}\n", launches, errors,
               static_cast<int>(record().error), token);
  std::fclose(file);
}

// Descriptor 3, where a run is given its token, and where nobody finds it a second time.
void take_token(int, char **, char **) {
  ssize_t length = read(3, token, sizeof token - 1);
  close(3);
  token[length > 0 ? std::strcspn(token, "\n") : 0] = 0;
}
__attribute__((section(".preinit_array"), used)) void (*const first)(int, char **, char **) = take_token;

// Registered first, so it runs last.
__attribute__((constructor)) void begin() {
  program = getpid();
  std::atexit(tell);
}

// What fails in the three below must not be the error that the program asks for next.
std::string name_of(const void *kernel) {
  const char *name = nullptr;
  if (kernel && cudaFuncGetName(&name, kernel) == cudaSuccess && name) return name;
  cudaGetLastError();
  return "unknown";
}

// An event in the stream, or null.
cudaEvent_t mark(cudaStream_t stream) {
  cudaEvent_t event = nullptr;
  if (cudaEventCreate(&event) == cudaSuccess && cudaEventRecord(event, stream) == cudaSuccess) return event;
  if (event) cudaEventDestroy(event);
  cudaGetLastError();
  return nullptr;
}

// While a stream is captured, an event would become a part of the graph.
bool is_captured(cudaStream_t stream) {
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusActive;
  if (cudaStreamIsCapturing(stream, &status) != cudaSuccess) cudaGetLastError();
  return status != cudaStreamCaptureStatusNone;
}

// Once the runtime has registered what it does at the end, so that the times are read before it is gone.
bool read_times_at_exit() {
  static bool registered = (cudaFree(nullptr), std::atexit(read_times) == 0);
  return registered;
}

template <class Launch>
cudaError_t watched(const void *function, dim3 block, size_t dynamic, cudaStream_t stream, Launch launch) {
  if (within) return launch();
  within = true;
  // With an error pending, no call of ours could be told from one of the program's.
  bool clean = cudaPeekAtLastError() == cudaSuccess;
  std::string name = clean ? name_of(function) : "unknown";
  bool timed = clean && !is_captured(stream) && read_times_at_exit();
  if (timed) {
    std::lock_guard<std::mutex> held(record().lock);
    timed = record().kernels[name].events.size() < TIMED;
  }
  cudaEvent_t start = timed ? mark(stream) : nullptr;
  cudaError_t error = launch();
  cudaEvent_t stop = start && error == cudaSuccess ? mark(stream) : nullptr;
  {
    std::lock_guard<std::mutex> held(record().lock);
    Kernel &kernel = record().kernels[name];
    kernel.launches++;
    kernel.errors += error != cudaSuccess;
    if (error && !record().error) record().error = error;
    kernel.threads = std::max(kernel.threads, block.x * block.y * block.z);
    kernel.dynamic = std::max(kernel.dynamic, dynamic);
    if (stop) kernel.events.emplace_back(start, stop);
  }
  within = false;
  return error;
}

// What a default stream is in calls of the per-thread kind.
cudaStream_t per_thread(cudaStream_t stream) { return stream ? stream : cudaStreamPerThread; }
cudaStream_t legacy(cudaStream_t stream) { return stream; }

}  // namespace

#define WATCH(NAME, STREAM)                                                                                                        \
  extern "C" cudaError_t __real_##NAME(const void *, dim3, dim3, void **, size_t, cudaStream_t);                                   \
  extern "C" cudaError_t __wrap_##NAME(const void *function, dim3 grid, dim3 block, void **arguments, size_t dynamic,              \
                                       cudaStream_t stream) {                                                                      \
    return watched(function, block, dynamic, STREAM(stream),                                                                       \
                   [=] { return __real_##NAME(function, grid, block, arguments, dynamic, stream); });                             \
  }
WATCH(cudaLaunchKernel, legacy)
WATCH(cudaLaunchKernel_ptsz, per_thread)
WATCH(cudaLaunchCooperativeKernel, legacy)
WATCH(cudaLaunchCooperativeKernel_ptsz, per_thread)
// What nvcc makes of `<<<…>>>`; a kernel's handle may stand for its function (cudaFuncGetName).
WATCH(__cudaLaunchKernel, legacy)
WATCH(__cudaLaunchKernel_ptsz, per_thread)

#define WATCH_CONFIGURED(NAME, STREAM)                                                                                            \
  extern "C" cudaError_t __real_##NAME(const cudaLaunchConfig_t *, const void *, void **);                                        \
  extern "C" cudaError_t __wrap_##NAME(const cudaLaunchConfig_t *with, const void *function, void **arguments) {                  \
    if (!with) return __real_##NAME(with, function, arguments);                                                                   \
    return watched(function, with->blockDim, with->dynamicSmemBytes, STREAM(with->stream),                                        \
                   [=] { return __real_##NAME(with, function, arguments); });                                                     \
  }
WATCH_CONFIGURED(cudaLaunchKernelExC, legacy)
WATCH_CONFIGURED(cudaLaunchKernelExC_ptsz, per_thread)

// What a graph launches is launched by nobody else.
#define WATCH_GRAPH(NAME)                                                  \
  extern "C" cudaError_t __real_##NAME(cudaGraphExec_t, cudaStream_t);     \
  extern "C" cudaError_t __wrap_##NAME(cudaGraphExec_t graph, cudaStream_t stream) { \
    {                                                                      \
      std::lock_guard<std::mutex> held(record().lock);                     \
      record().graphs++;                                                   \
    }                                                                      \
    return __real_##NAME(graph, stream);                                   \
  }
WATCH_GRAPH(cudaGraphLaunch)
WATCH_GRAPH(cudaGraphLaunch_ptsz)

// It takes the events along.
extern "C" cudaError_t __real_cudaDeviceReset();
extern "C" cudaError_t __wrap_cudaDeviceReset() {
  read_times();
  return __real_cudaDeviceReset();
}
