// Error codes as the CUDA runtime keeps them: a last error for each host thread, and errors of the device that stay.
#pragma once
#include <driver_types.h>

#include <mutex>

namespace emulate {

// Records what an API call found, for cudaGetLastError; gives it back.
cudaError_t note(cudaError_t error);

// A kernel faulted. On a device the host hears of it at the next call that waits for the device; from then on every call
// gives this error ("sticky": runtime API reference, cudaGetLastError).
void device_faulted(cudaError_t error);
bool device_has_faulted();

// An API call: one at a time. `error` is what it has to give at once, if the device is lost.
class Call {
  public:
    enum Waiting { asynchronous, waits };
    explicit Call(Waiting waiting = asynchronous);
    cudaError_t error = cudaSuccess;

  private:
    std::unique_lock<std::recursive_mutex> lock_;
};

}  // namespace emulate
