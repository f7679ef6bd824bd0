// Graphs: nodes that a program adds, or that streams record. What is put into a stream that is being captured is kept as a
// node, and done at each launch of the graph.
#pragma once
#include <driver_types.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace emulate {

// What a node does, in the stream of this number.
using Work = std::function<cudaError_t(uint32_t stream)>;

// Bytes that a graph keeps, at an address that suits every type of device code.
class KeptBytes {
  public:
    KeptBytes(const void *from, size_t size) : room_(size + alignment) { memcpy(begin(), from, size); }
    KeptBytes(const KeptBytes &) = delete;
    void *begin() { return room_.data() + (-reinterpret_cast<uintptr_t>(room_.data()) & (alignment - 1)); }
    const void *begin() const { return const_cast<KeptBytes *>(this)->begin(); }

  private:
    static constexpr uintptr_t alignment = 64;
    std::vector<unsigned char> room_;
};

// A kernel node's parameters with values of their own: "copied" when the node is added or set (cudaGraphAddKernelNode).
struct KernelValues {
    cudaKernelNodeParams parameters;
    bool cooperative;
    std::vector<std::unique_ptr<KeptBytes>> values;
    std::vector<void *> addresses;   // of the values
};

// What a node is, and what it does. The parameters are there where a program may ask for them.
struct Action {
    cudaGraphNodeType type = cudaGraphNodeTypeEmpty;
    std::vector<Work> works;   // one after another
    std::shared_ptr<KernelValues> kernel;
    std::optional<cudaMemcpy3DParms> copy;
    std::optional<cudaMemsetParams> fill;
    std::optional<cudaHostNodeParams> host;
    cudaEvent_t event = nullptr;

    Action() = default;
    Action(cudaGraphNodeType type, Work work) : type(type), works{std::move(work)} {}
};
Action fill_action(const cudaMemsetParams &parameters, Work work);
Action host_action(const cudaHostNodeParams &parameters);
Action event_action(cudaGraphNodeType type, cudaEvent_t event);

bool capturing(cudaStream_t stream);
// Puts work into a stream that is being captured.
cudaError_t keep(cudaStream_t stream, Action action);

// While one lives, every stream seems to be captured, and this takes what is put into it: so a node's work is made by the
// functions that do the same work in a stream.
class Recorder {
  public:
    Recorder();
    ~Recorder();
    std::vector<Work> works;
};

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
