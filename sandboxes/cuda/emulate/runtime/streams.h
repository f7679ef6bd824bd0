// Streams and events. Work runs when it is issued, so it is always done in an order that the program allows; what a real
// device might have done at the same time is the checker's to tell.
#pragma once
#include <driver_types.h>

#include <cstdint>

namespace emulate {

bool stream_exists(cudaStream_t stream);
// 0: the default stream, under any of its names (null, cudaStreamLegacy, cudaStreamPerThread).
uint32_t stream_number(cudaStream_t stream);

}  // namespace emulate
