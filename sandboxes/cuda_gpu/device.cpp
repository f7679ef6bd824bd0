// Tells of the GPU that a job sees: one line of JSON, exit status 0. Where there is none, or the driver does not answer, a line
// that says why, and exit status 3.
#include <cuda_runtime_api.h>

#include <cstdio>

static int fail(const char *what, cudaError_t error) {
  std::printf("%s: %s (%s)\n", what, cudaGetErrorString(error), cudaGetErrorName(error));
  return 3;
}

int main() {
  int driver = 0, runtime = 0;
  cudaDeviceProp device{};
  if (cudaError_t error = cudaRuntimeGetVersion(&runtime)) return fail("the runtime", error);
  // 0 where there is no driver at all; the device says more then
  cudaDriverGetVersion(&driver);
  if (cudaError_t error = cudaGetDeviceProperties(&device, 0)) return fail("no GPU answers", error);
  // A context is what a program needs first, and what a GPU in trouble does not give.
  if (cudaError_t error = cudaFree(nullptr)) return fail("the GPU gives no context", error);
  // What others have taken, a program would miss.
  size_t free = 0, total = 0;
  if (cudaError_t error = cudaMemGetInfo(&free, &total)) return fail("the GPU does not tell of its memory", error);
  if (free < total / 4 * 3) {
    std::printf("of the GPU's %zu MiB, others have taken %zu\n", total >> 20, (total - free) >> 20);
    return 3;
  }
  std::printf("{\"name\": \"%s\", \"capability\": %d, \"driver\": %d, \"runtime\": %d, \"memory_bytes\": %zu}\n", device.name,
              device.major * 10 + device.minor, driver, runtime, device.totalGlobalMem);
}
