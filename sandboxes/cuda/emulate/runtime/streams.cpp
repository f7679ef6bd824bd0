#include "streams.h"

#include <cuda_runtime_api.h>

#include <chrono>
#include <set>

#include "errors.h"
#include "graphs.h"
#include "hooks.h"

// The runtime API's opaque types.
struct CUstream_st {
    uint32_t number;
    unsigned flags;
    int priority;
};

struct CUevent_st {
    uint64_t number;
    unsigned flags;
    bool recorded;
    std::chrono::steady_clock::time_point time;   // of the host: no claim about a GPU
};

namespace emulate {

namespace {

std::set<cudaStream_t> &streams() {
    static auto *all = new std::set<cudaStream_t>;
    return *all;
}

std::set<cudaEvent_t> &events() {
    static auto *all = new std::set<cudaEvent_t>;
    return *all;
}

uint32_t stream_count = 0;
uint64_t event_count = 0;

// The greatest priority is the lowest number; the range that NVIDIA's current devices give (cudaDeviceGetStreamPriorityRange).
constexpr int least_priority = 0, greatest_priority = -5;

bool is_default(cudaStream_t stream) { return !stream || stream == cudaStreamLegacy || stream == cudaStreamPerThread; }

cudaError_t create_stream(cudaStream_t *stream, unsigned flags, int priority) {
    Call call;
    if (call.error) return call.error;
    if (!stream || (flags & ~unsigned(cudaStreamNonBlocking))) return note(cudaErrorInvalidValue);
    *stream = new CUstream_st{++stream_count, flags, priority < greatest_priority ? greatest_priority : priority > least_priority ? least_priority : priority};
    streams().insert(*stream);
    check::stream_created(stream_count, !(flags & cudaStreamNonBlocking));
    return cudaSuccess;
}

cudaError_t create_event(cudaEvent_t *event, unsigned flags) {
    Call call;
    if (call.error) return call.error;
    if (!event || (flags & ~unsigned(cudaEventBlockingSync | cudaEventDisableTiming | cudaEventInterprocess))) return note(cudaErrorInvalidValue);
    *event = new CUevent_st{++event_count, flags, false, {}};
    events().insert(*event);
    return cudaSuccess;
}

// What each function of a stream begins with.
cudaError_t begin(const Call &call, cudaStream_t stream) {
    if (call.error) return call.error;
    return stream_exists(stream) ? cudaSuccess : note(cudaErrorInvalidResourceHandle);
}

cudaError_t begin(const Call &call, cudaEvent_t event) {
    if (call.error) return call.error;
    return events().count(event) ? cudaSuccess : note(cudaErrorInvalidResourceHandle);
}

}  // namespace

bool stream_exists(cudaStream_t stream) { return is_default(stream) || streams().count(stream); }

uint32_t stream_number(cudaStream_t stream) { return is_default(stream) ? 0 : stream->number; }

bool stream_blocks(cudaStream_t stream) { return is_default(stream) || !(stream->flags & cudaStreamNonBlocking); }

bool event_exists(cudaEvent_t event) { return events().count(event); }

void record_event(cudaEvent_t event, uint32_t stream) {
    event->recorded = true;
    event->time = std::chrono::steady_clock::now();
    check::event_recorded(event->number, stream);
}

void await_event(cudaEvent_t event, uint32_t stream) {
    if (event->recorded) check::event_awaited(event->number, stream);
}

uint32_t new_stream_number() {
    check::stream_created(++stream_count, false);
    return stream_count;
}

uint64_t new_event_numbers(uint64_t count) {
    event_count += count;
    return event_count - count + 1;
}

}  // namespace emulate

using namespace emulate;

cudaError_t cudaStreamCreate(cudaStream_t *stream) { return create_stream(stream, 0, 0); }
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags) { return create_stream(stream, flags, 0); }
cudaError_t cudaStreamCreateWithPriority(cudaStream_t *stream, unsigned flags, int priority) { return create_stream(stream, flags, priority); }

cudaError_t cudaDeviceGetStreamPriorityRange(int *least, int *greatest) {
    Call call;
    if (call.error) return call.error;
    if (least) *least = least_priority;
    if (greatest) *greatest = greatest_priority;
    return cudaSuccess;
}

cudaError_t cudaStreamGetPriority(cudaStream_t stream, int *priority) {
    Call call;
    if (const cudaError_t error = begin(call, stream)) return error;
    *priority = is_default(stream) ? 0 : stream->priority;
    return cudaSuccess;
}

cudaError_t cudaStreamGetFlags(cudaStream_t stream, unsigned *flags) {
    Call call;
    if (const cudaError_t error = begin(call, stream)) return error;
    *flags = is_default(stream) ? 0 : stream->flags;
    return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
    Call call;
    if (call.error) return call.error;
    if (is_default(stream) || !streams().erase(stream)) return note(cudaErrorInvalidResourceHandle);
    delete stream;
    return cudaSuccess;
}

// A stream that is being captured is not waited for, nor the default one while it would wait for such a stream.
static cudaError_t begin_wait(const Call &call, cudaStream_t stream) {
    if (const cudaError_t error = begin(call, stream)) return error;
    if (const cudaError_t error = refused_by_capture(stream)) return note(error);
    return note(disturbs_capture(stream));
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
    Call call(Call::waits);
    if (const cudaError_t error = begin_wait(call, stream)) return error;
    check::host_awaited_stream(stream_number(stream));
    return cudaSuccess;
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
    Call call(Call::waits);
    if (const cudaError_t error = begin_wait(call, stream)) return error;
    check::host_awaited_stream(stream_number(stream));
    return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags) {
    Call call;
    if (const cudaError_t error = begin(call, stream)) return error;
    if (const cudaError_t error = begin(call, event)) return error;
    cudaError_t error;
    if (await_captured(stream, event, event->recorded, flags, error)) return note(error);
    await_event(event, stream_number(stream));
    return cudaSuccess;
}

cudaError_t cudaStreamAddCallback(cudaStream_t stream, cudaStreamCallback_t callback, void *data, unsigned) {
    Call call;
    if (const cudaError_t error = begin_wait(call, stream)) return error;
    check::host_awaited_stream(stream_number(stream));
    callback(stream, cudaSuccess, data);
    return cudaSuccess;
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void *data) {
    Call call;
    if (const cudaError_t error = begin(call, stream)) return error;
    if (const cudaError_t error = disturbs_capture(stream)) return note(error);
    if (capturing(stream)) return note(keep(stream, host_action({function, data})));
    check::host_awaited_stream(stream_number(stream));
    function(data);
    return cudaSuccess;
}

cudaError_t cudaStreamAttachMemAsync(cudaStream_t stream, void *, size_t, unsigned) {
    Call call;
    return begin(call, stream);
}

cudaError_t cudaEventCreate(cudaEvent_t *event) { return create_event(event, 0); }
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags) { return create_event(event, flags); }

cudaError_t cudaEventDestroy(cudaEvent_t event) {
    Call call;
    if (call.error) return call.error;
    if (!events().erase(event)) return note(cudaErrorInvalidResourceHandle);
    forget_captured(event);
    delete event;
    return cudaSuccess;
}

cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream, unsigned flags) {
    Call call;
    if (const cudaError_t error = begin(call, event)) return error;
    if (const cudaError_t error = begin(call, stream)) return error;
    if (const cudaError_t error = disturbs_capture(stream)) return note(error);
    cudaError_t error = cudaSuccess;
    if (record_captured(event, stream, flags, error)) return note(error);
    record_event(event, stream_number(stream));
    return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) { return cudaEventRecordWithFlags(event, stream, cudaEventRecordDefault); }

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
    Call call(Call::waits);
    if (const cudaError_t error = begin(call, event)) return error;
    if (is_captured(event)) return note(cudaErrorCapturedEvent);
    if (event->recorded) check::host_awaited_event(event->number);
    return cudaSuccess;
}

cudaError_t cudaEventQuery(cudaEvent_t event) { return cudaEventSynchronize(event); }

cudaError_t cudaEventElapsedTime(float *milliseconds, cudaEvent_t start, cudaEvent_t end) {
    Call call;
    if (const cudaError_t error = begin(call, start)) return error;
    if (const cudaError_t error = begin(call, end)) return error;
    if (!milliseconds) return note(cudaErrorInvalidValue);
    if (is_captured(start) || is_captured(end)) return note(cudaErrorCapturedEvent);
    if (!start->recorded || !end->recorded || (start->flags & cudaEventDisableTiming) || (end->flags & cudaEventDisableTiming))
        return note(cudaErrorInvalidResourceHandle);
    *milliseconds = std::chrono::duration<float, std::milli>(end->time - start->time).count();
    return cudaSuccess;
}
