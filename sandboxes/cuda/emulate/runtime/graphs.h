// Graphs that streams record: what is put into a stream that is being captured is kept, and done at each launch of the graph.
#pragma once
#include <driver_types.h>

#include <cstdint>
#include <functional>

namespace emulate {

// What a node does, in the stream of this number.
using Work = std::function<cudaError_t(uint32_t stream)>;

bool capturing(cudaStream_t stream);
// Puts work into a stream that is being captured.
cudaError_t keep(cudaStream_t stream, Work work);

// What a call of the API does to the captures that go on: an error, if it must not come between, and then they are invalid
// (programming guide, "Prohibited and Unhandled Operations"). First: of work for a stream; second: of a call that waits for
// the device or changes its memory.
cudaError_t disturbs_capture(cudaStream_t stream);
cudaError_t unsafe_in_capture();
// A call that a stream which is being captured does not take.
cudaError_t refused_by_capture(cudaStream_t stream);

// Events: true if the call was for a capture, and `error` is its result.
bool record_captured(cudaEvent_t event, cudaStream_t stream, unsigned flags, cudaError_t &error);
bool await_captured(cudaStream_t stream, cudaEvent_t event, bool recorded, unsigned flags, cudaError_t &error);
bool is_captured(cudaEvent_t event);   // it was recorded last by a stream that was being captured
void forget_captured(cudaEvent_t event);

}  // namespace emulate
