// Streams and events. Work runs when it is issued, so it is always done in an order that the program allows; what a real
// device might have done at the same time is the checker's to tell.
#pragma once
#include <driver_types.h>

#include <cstdint>

namespace emulate {

bool stream_exists(cudaStream_t stream);
// 0: the default stream, under any of its names (null, cudaStreamLegacy, cudaStreamPerThread).
uint32_t stream_number(cudaStream_t stream);
// Whether it and the default stream wait for each other.
bool stream_blocks(cudaStream_t stream);

bool event_exists(cudaEvent_t event);
void record_event(cudaEvent_t event, uint32_t stream);
void await_event(cudaEvent_t event, uint32_t stream);

// For graphs: the number of a new stream that nobody else knows; the first of as many numbers of events.
uint32_t new_stream_number();
uint64_t new_event_numbers(uint64_t count);

}  // namespace emulate
