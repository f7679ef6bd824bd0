// Capture: streams record a graph.
#include "graphs.h"

#include <cuda_runtime_api.h>

#include <algorithm>
#include <map>
#include <set>

#include "errors.h"
#include "hooks.h"
#include "nodes.h"
#include "streams.h"

namespace emulate {

namespace {

struct Branch {
    cudaStream_t stream;
    Nodes last;   // what its next node depends on
};

struct Capture {
    uint64_t id;
    cudaStreamCaptureMode mode;
    cudaGraph_t graph;
    bool is_new;                  // the graph began with the capture, and ends with it if that fails
    bool valid = true;
    std::vector<Branch> branches;   // the first: where it began
    std::vector<Nodes> records;     // what comes before each
    Nodes added;

    ~Capture() {
        if (is_new && graph_exists(graph)) delete graph;
    }
};

struct Member {
    std::shared_ptr<Capture> capture;
    uint32_t branch;

    Nodes &last() const { return capture->branches[branch].last; }
};

struct Captured {
    std::shared_ptr<Capture> capture;
    uint32_t record;
};

// Made before the program's own constructors, which may call (the runtime itself starts at priority 200), and gone after its
// destructors, which may, too.
#define EMULATE_EARLY __attribute__((init_priority(150)))
EMULATE_EARLY std::map<cudaStream_t, Member> members;
EMULATE_EARLY std::map<cudaEvent_t, Captured> captured_events;
thread_local cudaStreamCaptureMode thread_mode = cudaStreamCaptureModeGlobal;
thread_local Recorder *recorder = nullptr;

cudaError_t invalidate(Capture &capture, cudaError_t error) {
    capture.valid = false;
    return error;
}

bool any_gone(const Nodes &nodes) {
    return std::any_of(nodes.begin(), nodes.end(), [](cudaGraphNode_t node) { return !node_exists(node); });
}

// Also where the program destroyed the graph, or nodes of it, that it captures to.
cudaError_t not_valid(Capture &capture) {
    if (!graph_exists(capture.graph)) capture.valid = false;
    for (const Branch &branch : capture.branches)
        if (any_gone(branch.last)) capture.valid = false;
    return capture.valid ? cudaSuccess : cudaErrorStreamCaptureInvalidated;
}

// A branch now also waits for these. What others of them wait for need not be named.
void join(Nodes &last, const Nodes &more) {
    Nodes all = last;
    for (const cudaGraphNode_t node : more)
        if (std::find(all.begin(), all.end(), node) == all.end()) all.push_back(node);
    Nodes before;
    for (const cudaGraphNode_t node : all) before.insert(before.end(), node->dependencies.begin(), node->dependencies.end());
    before = with_ancestors(before);
    all.erase(std::remove_if(all.begin(), all.end(), [&](cudaGraphNode_t node) { return std::binary_search(before.begin(), before.end(), node); }), all.end());
    last = all;
}

// Every branch's work must come before what the first branch ends with.
bool all_joined(const Capture &capture) {
    const Nodes known = with_ancestors(capture.branches[0].last);
    return std::all_of(capture.added.begin(), capture.added.end(), [&](cudaGraphNode_t node) { return std::binary_search(known.begin(), known.end(), node); });
}

void leave(const Capture *capture) {
    for (auto member = members.begin(); member != members.end();) member = member->second.capture.get() == capture ? members.erase(member) : std::next(member);
}

cudaError_t begin_capture(cudaStream_t stream, cudaGraph_t graph, Nodes after, cudaStreamCaptureMode mode) {
    if (!stream_exists(stream)) return cudaErrorInvalidResourceHandle;
    if (stream == cudaStreamPerThread) check::unsupported("capture of the per-thread default stream");
    if (mode < cudaStreamCaptureModeGlobal || mode > cudaStreamCaptureModeRelaxed) return cudaErrorInvalidValue;
    if (stream_number(stream) == 0) return cudaErrorStreamCaptureUnsupported;
    if (capturing(stream)) return cudaErrorIllegalState;
    static uint64_t count = 0;
    auto capture = std::make_shared<Capture>();
    capture->id = ++count;
    capture->mode = mode;
    capture->is_new = !graph;
    capture->graph = graph ? graph : new CUgraph_st;
    capture->branches.push_back({stream, std::move(after)});
    members[stream] = {capture, 0};
    return cudaSuccess;
}

}  // namespace

Recorder::Recorder() { recorder = this; }
Recorder::~Recorder() { recorder = nullptr; }

bool capturing(cudaStream_t stream) { return recorder || (!members.empty() && members.count(stream)); }

cudaError_t keep(cudaStream_t stream, Action action) {
    if (recorder) {
        recorder->works.insert(recorder->works.end(), action.works.begin(), action.works.end());
        return cudaSuccess;
    }
    const Member &member = members.at(stream);
    Capture &capture = *member.capture;
    if (const cudaError_t error = not_valid(capture)) return error;
    const cudaGraphNode_t node = add_node(capture.graph, member.last(), std::move(action));
    capture.added.push_back(node);
    member.last() = {node};
    return cudaSuccess;
}

cudaError_t keep_child(cudaStream_t stream, std::unique_ptr<CUgraph_st> child) {
    Action action;
    action.type = cudaGraphNodeTypeGraph;
    if (const cudaError_t error = keep(stream, std::move(action))) return error;
    child->owned = true;
    members.at(stream).last()[0]->child = std::move(child);
    return cudaSuccess;
}

cudaError_t disturbs_capture(cudaStream_t stream) {
    if (recorder || members.empty() || stream_number(stream) != 0) return cudaSuccess;
    // The default stream waits for all that are not `nonblocking`.
    cudaError_t error = cudaSuccess;
    for (const auto &[other, member] : members)
        if (stream_blocks(other)) error = invalidate(*member.capture, cudaErrorStreamCaptureImplicit);
    return error;
}

cudaError_t unsafe_in_capture() {
    if (members.empty() || thread_mode == cudaStreamCaptureModeRelaxed) return cudaSuccess;
    cudaError_t error = cudaSuccess;
    for (const auto &[stream, member] : members)
        if (member.capture->mode != cudaStreamCaptureModeRelaxed) error = invalidate(*member.capture, cudaErrorStreamCaptureUnsupported);
    return error;
}

cudaError_t refused_by_capture(cudaStream_t stream) {
    return capturing(stream) ? invalidate(*members.at(stream).capture, cudaErrorStreamCaptureUnsupported) : cudaSuccess;
}

bool record_captured(cudaEvent_t event, cudaStream_t stream, unsigned flags, cudaError_t &error) {
    if (!capturing(stream)) return captured_events.erase(event), false;
    if (flags & cudaEventRecordExternal) return error = keep(stream, event_action(cudaGraphNodeTypeEventRecord, event)), true;
    captured_events.erase(event);
    const Member &member = members.at(stream);
    Capture &capture = *member.capture;
    if ((error = not_valid(capture))) return true;
    captured_events[event] = {member.capture, static_cast<uint32_t>(capture.records.size())};
    capture.records.push_back(member.last());
    return true;
}

bool await_captured(cudaStream_t stream, cudaEvent_t event, bool recorded, unsigned flags, cudaError_t &error) {
    const auto captured = captured_events.find(event);
    const auto member = members.find(stream);
    error = cudaSuccess;
    if (member != members.end() && (flags & cudaEventWaitExternal)) return error = keep(stream, event_action(cudaGraphNodeTypeWaitEvent, event)), true;
    if (captured == captured_events.end()) {
        if (member == members.end()) return false;
        // Work outside of the capture: nothing that a graph could wait for.
        if (recorded) error = invalidate(*member->second.capture, cudaErrorStreamCaptureIsolation);
        return true;
    }
    const std::shared_ptr<Capture> capture = captured->second.capture;
    const bool goes_on = std::any_of(members.begin(), members.end(), [&](const auto &m) { return m.second.capture == capture; });
    if (!goes_on || stream_number(stream) == 0) return error = cudaErrorCapturedEvent, true;
    if (member != members.end() && member->second.capture != capture) {
        invalidate(*member->second.capture, cudaSuccess);
        return error = invalidate(*capture, cudaErrorStreamCaptureMerge), true;
    }
    const Nodes &record = capture->records[captured->second.record];
    if ((error = any_gone(record) ? invalidate(*capture, cudaErrorStreamCaptureInvalidated) : not_valid(*capture))) return true;
    if (member == members.end()) {
        members[stream] = {capture, static_cast<uint32_t>(capture->branches.size())};
        capture->branches.push_back({stream, {}});
    }
    join(members[stream].last(), record);
    return true;
}

bool is_captured(cudaEvent_t event) { return captured_events.count(event); }
void forget_captured(cudaEvent_t event) { captured_events.erase(event); }

}  // namespace emulate

using namespace emulate;

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
    Call call;
    return call.error ? call.error : note(begin_capture(stream, nullptr, {}, mode));
}

cudaError_t cudaStreamBeginCaptureToGraph(cudaStream_t stream, cudaGraph_t graph, const cudaGraphNode_t *after, const cudaGraphEdgeData *data, size_t count,
                                          cudaStreamCaptureMode mode) {
    Call call;
    if (call.error) return call.error;
    if (!graph_exists(graph) || !nodes_of(graph, after, count)) return note(cudaErrorInvalidValue);
    only_full_edges(data, count);
    return note(begin_capture(stream, graph, Nodes(after, after + count), mode));
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph) {
    Call call;
    if (graph) *graph = nullptr;
    if (call.error) return call.error;
    if (!stream_exists(stream)) return note(cudaErrorInvalidResourceHandle);
    if (!capturing(stream)) return note(cudaErrorIllegalState);
    const std::shared_ptr<Capture> capture = members.at(stream).capture;
    if (members.at(stream).branch != 0) return note(invalidate(*capture, cudaErrorStreamCaptureUnmatched));
    leave(capture.get());
    if (const cudaError_t error = not_valid(*capture)) return note(error);
    if (!all_joined(*capture)) return note(cudaErrorStreamCaptureUnjoined);
    if (!graph) return note(cudaErrorInvalidValue);
    *graph = capture->graph;
    capture->is_new = false;   // the program's, from here on
    return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus *status) {
    Call call;
    if (call.error) return call.error;
    if (!status) return note(cudaErrorInvalidValue);
    if (!stream_exists(stream)) return note(cudaErrorInvalidResourceHandle);
    if (const cudaError_t error = disturbs_capture(stream)) return note(error);
    *status = !capturing(stream) ? cudaStreamCaptureStatusNone : members.at(stream).capture->valid ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusInvalidated;
    return cudaSuccess;
}

cudaError_t cudaStreamGetCaptureInfo(cudaStream_t stream, cudaStreamCaptureStatus *status, unsigned long long *id, cudaGraph_t *graph, const cudaGraphNode_t **last,
                                     const cudaGraphEdgeData **data, size_t *count) {
    if (const cudaError_t error = cudaStreamIsCapturing(stream, status)) return error;
    Call call;
    if (data) *data = nullptr;   // all edges are full ones
    if (*status != cudaStreamCaptureStatusActive) return cudaSuccess;
    const Member &member = members.at(stream);
    if (id) *id = member.capture->id;
    if (graph) *graph = member.capture->graph;
    if (last) *last = member.last().data();
    if (count) *count = member.last().size();
    return cudaSuccess;
}

cudaError_t cudaStreamUpdateCaptureDependencies(cudaStream_t stream, cudaGraphNode_t *nodes, const cudaGraphEdgeData *data, size_t count, unsigned flags) {
    Call call;
    if (call.error) return call.error;
    if (!stream_exists(stream)) return note(cudaErrorInvalidResourceHandle);
    if (flags > cudaStreamSetCaptureDependencies) return note(cudaErrorInvalidValue);
    if (!capturing(stream)) return note(cudaErrorIllegalState);
    const Member &member = members.at(stream);
    if (const cudaError_t error = not_valid(*member.capture)) return note(error);
    if (!nodes_of(member.capture->graph, nodes, count)) return note(cudaErrorInvalidValue);
    only_full_edges(data, count);
    if (flags == cudaStreamSetCaptureDependencies) member.last().clear();
    join(member.last(), Nodes(nodes, nodes + count));
    return cudaSuccess;
}

cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode *mode) {
    if (!mode) return note(cudaErrorInvalidValue);
    std::swap(*mode, thread_mode);
    return cudaSuccess;
}
