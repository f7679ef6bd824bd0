#include "errors.h"

#include <cuda_runtime_api.h>

#include <atomic>

#include "hooks.h"

namespace emulate {

namespace {

std::recursive_mutex &api() {
    static std::recursive_mutex mutex;
    return mutex;
}

thread_local cudaError_t last_error = cudaSuccess;
std::atomic<cudaError_t> faulted{cudaSuccess};  // a kernel did
std::atomic<cudaError_t> sticky{cudaSuccess};   // and the host knows

}  // namespace

cudaError_t note(cudaError_t error) {
    if (error != cudaSuccess) last_error = error;
    return error;
}

void device_faulted(cudaError_t error) {
    cudaError_t none = cudaSuccess;
    faulted.compare_exchange_strong(none, error);  // the first one is what the device tells
}

bool device_has_faulted() { return faulted != cudaSuccess; }

Call::Call(Waiting waiting) : lock_(api()) {
    if (waiting == waits && sticky == cudaSuccess) sticky = faulted.load();
    error = note(sticky);
}

}  // namespace emulate

using namespace emulate;

cudaError_t cudaGetLastError() {
    check::error_seen();
    const cudaError_t error = last_error;
    last_error = sticky;
    return error;
}

// As a library does it, of whose look the program knows nothing.
extern "C" cudaError_t emulate_forget_last_error() {
    const cudaError_t error = last_error;
    last_error = sticky;
    return error;
}

cudaError_t cudaPeekAtLastError() {
    check::error_seen();
    return last_error;
}

// Names and texts of the codes that this runtime gives or that programs print; the texts are those of the runtime API.
#define EMULATE_ERRORS(entry)                                                                      \
    entry(cudaSuccess, "no error")                                                                 \
    entry(cudaErrorInvalidValue, "invalid argument")                                               \
    entry(cudaErrorMemoryAllocation, "out of memory")                                              \
    entry(cudaErrorInitializationError, "initialization error")                                    \
    entry(cudaErrorCudartUnloading, "driver shutting down")                                        \
    entry(cudaErrorInvalidConfiguration, "invalid configuration argument")                         \
    entry(cudaErrorInvalidPitchValue, "invalid pitch argument")                                    \
    entry(cudaErrorInvalidSymbol, "invalid device symbol")                                         \
    entry(cudaErrorInvalidHostPointer, "invalid host pointer")                                     \
    entry(cudaErrorInvalidDevicePointer, "invalid device pointer")                                 \
    entry(cudaErrorInvalidTexture, "invalid texture reference")                                    \
    entry(cudaErrorInvalidChannelDescriptor, "invalid channel descriptor")                         \
    entry(cudaErrorInvalidMemcpyDirection, "invalid copy direction for memcpy")                    \
    entry(cudaErrorInvalidFilterSetting, "linear filtering not supported for non-float type")      \
    entry(cudaErrorInvalidNormSetting, "read as normalized float not supported for 32-bit non float type") \
    entry(cudaErrorInvalidSurface, "invalid surface reference")                                    \
    entry(cudaErrorInsufficientDriver, "CUDA driver version is insufficient for CUDA runtime version") \
    entry(cudaErrorMissingConfiguration, "__global__ function call is not configured")             \
    entry(cudaErrorInvalidDeviceFunction, "invalid device function")                               \
    entry(cudaErrorNoDevice, "no CUDA-capable device is detected")                                 \
    entry(cudaErrorInvalidDevice, "invalid device ordinal")                                        \
    entry(cudaErrorNoKernelImageForDevice, "no kernel image is available for execution on the device") \
    entry(cudaErrorInvalidResourceHandle, "invalid resource handle")                               \
    entry(cudaErrorNotReady, "device not ready")                                                   \
    entry(cudaErrorIllegalAddress, "an illegal memory access was encountered")                     \
    entry(cudaErrorLaunchOutOfResources, "too many resources requested for launch")                \
    entry(cudaErrorLaunchTimeout, "the launch timed out and was terminated")                       \
    entry(cudaErrorPeerAccessAlreadyEnabled, "peer access is already enabled")                     \
    entry(cudaErrorPeerAccessNotEnabled, "peer access has not been enabled")                       \
    entry(cudaErrorSetOnActiveProcess, "cannot set while device is active in this process")        \
    entry(cudaErrorAssert, "device-side assert triggered")                                         \
    entry(cudaErrorHostMemoryAlreadyRegistered, "part or all of the requested memory range is already mapped") \
    entry(cudaErrorHostMemoryNotRegistered, "pointer does not correspond to a registered memory region") \
    entry(cudaErrorIllegalInstruction, "an illegal instruction was encountered")                   \
    entry(cudaErrorMisalignedAddress, "misaligned address")                                        \
    entry(cudaErrorInvalidAddressSpace, "operation not supported on global/shared address space")  \
    entry(cudaErrorInvalidPc, "invalid program counter")                                           \
    entry(cudaErrorLaunchFailure, "unspecified launch failure")                                    \
    entry(cudaErrorCooperativeLaunchTooLarge, "too many blocks in cooperative launch")             \
    entry(cudaErrorIllegalState, "the operation cannot be performed in the present state")         \
    entry(cudaErrorStreamCaptureUnsupported, "operation not permitted when stream is capturing")   \
    entry(cudaErrorStreamCaptureInvalidated, "operation failed due to a previous error during capture") \
    entry(cudaErrorStreamCaptureMerge, "operation would result in a merge of separate capture sequences") \
    entry(cudaErrorStreamCaptureUnmatched, "capture was not ended in the same stream as it began") \
    entry(cudaErrorStreamCaptureUnjoined, "capturing stream has unjoined work")                    \
    entry(cudaErrorStreamCaptureIsolation, "dependency created on uncaptured work in another stream") \
    entry(cudaErrorStreamCaptureImplicit, "operation would make the legacy stream depend on a capturing blocking stream") \
    entry(cudaErrorCapturedEvent, "operation not permitted on an event last recorded in a capturing stream") \
    entry(cudaErrorGraphExecUpdateFailure, "the graph update was not performed because it included changes which violated constraints specific to instantiated graph update") \
    entry(cudaErrorNotPermitted, "operation not permitted")                                        \
    entry(cudaErrorNotSupported, "operation not supported")                                        \
    entry(cudaErrorUnknown, "unknown error")

const char *cudaGetErrorName(cudaError_t error) {
    check::error_seen();
#define EMULATE_NAME(code, text) case code: return #code;
    switch (error) {
        EMULATE_ERRORS(EMULATE_NAME)
        default: return "unrecognized error code";
    }
}

const char *cudaGetErrorString(cudaError_t error) {
    check::error_seen();
#define EMULATE_TEXT(code, text) case code: return text;
    switch (error) {
        EMULATE_ERRORS(EMULATE_TEXT)
        default: return "unrecognized error code";
    }
}
