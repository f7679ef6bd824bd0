#include "graphs.h"

#include <cuda_runtime_api.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "errors.h"
#include "hooks.h"
#include "streams.h"

namespace emulate {

namespace {

// What a captured stream was told, in the order in which all of them were told.
struct Item {
    enum Kind { work, record, wait } kind;
    uint32_t branch;      // the stream: 0 is the one where the capture began
    uint32_t event = 0;   // which of the capture's records
    Work run;

    bool same_place(const Item &other) const { return kind == other.kind && branch == other.branch && event == other.event; }
};

using Clock = std::vector<uint32_t>;   // by branch: how much of its work comes before

struct Branch {
    cudaStream_t stream;
    Clock known;
    uint32_t count = 0;   // of work
};

struct Capture {
    uint64_t id;
    cudaStreamCaptureMode mode;
    bool valid = true;
    std::vector<Branch> branches;
    std::vector<Clock> records;   // what comes before each record
    std::vector<Item> items;
};

struct Member {
    std::shared_ptr<Capture> capture;
    uint32_t branch;
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
EMULATE_EARLY std::set<cudaGraph_t> graphs;
EMULATE_EARLY std::set<cudaGraphExec_t> executables;
thread_local cudaStreamCaptureMode thread_mode = cudaStreamCaptureModeGlobal;

void join(Clock &into, const Clock &from) {
    if (into.size() < from.size()) into.resize(from.size());
    for (size_t i = 0; i < from.size(); ++i) into[i] = std::max(into[i], from[i]);
}

Clock known_with_own(const Capture &capture, uint32_t branch) {
    Clock clock = capture.branches[branch].known;
    if (clock.size() <= branch) clock.resize(branch + 1);
    clock[branch] = capture.branches[branch].count;
    return clock;
}

cudaError_t invalidate(Capture &capture, cudaError_t error) {
    capture.valid = false;
    return error;
}

cudaError_t not_valid(const Capture &capture) { return capture.valid ? cudaSuccess : cudaErrorStreamCaptureInvalidated; }

// Every branch's work must come before what the first branch ends with.
bool all_joined(const Capture &capture) {
    const Clock end = known_with_own(capture, 0);
    for (uint32_t branch = 0; branch < capture.branches.size(); ++branch)
        if (capture.branches[branch].count > (branch < end.size() ? end[branch] : 0)) return false;
    return true;
}

void leave(const Capture *capture) {
    for (auto member = members.begin(); member != members.end();) member = member->second.capture.get() == capture ? members.erase(member) : std::next(member);
}

}  // namespace

bool capturing(cudaStream_t stream) { return !members.empty() && members.count(stream); }

cudaError_t keep(cudaStream_t stream, Work work) {
    const Member &member = members.at(stream);
    Capture &capture = *member.capture;
    if (const cudaError_t error = not_valid(capture)) return error;
    ++capture.branches[member.branch].count;
    capture.items.push_back({Item::work, member.branch, 0, std::move(work)});
    return cudaSuccess;
}

cudaError_t disturbs_capture(cudaStream_t stream) {
    if (members.empty() || stream_number(stream) != 0) return cudaSuccess;
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
    captured_events.erase(event);
    if (!capturing(stream)) return false;
    if (flags & cudaEventRecordExternal) check::unsupported("external events in graphs");
    const Member &member = members.at(stream);
    Capture &capture = *member.capture;
    if ((error = not_valid(capture))) return true;
    const auto number = static_cast<uint32_t>(capture.records.size());
    capture.records.push_back(known_with_own(capture, member.branch));
    capture.items.push_back({Item::record, member.branch, number, {}});
    captured_events[event] = {member.capture, number};
    return true;
}

bool await_captured(cudaStream_t stream, cudaEvent_t event, bool recorded, unsigned flags, cudaError_t &error) {
    const auto captured = captured_events.find(event);
    const auto member = members.find(stream);
    error = cudaSuccess;
    if (captured == captured_events.end()) {
        if (member == members.end()) return false;
        if (flags & cudaEventWaitExternal) check::unsupported("external events in graphs");
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
    if ((error = not_valid(*capture))) return true;
    if (member == members.end()) {
        members[stream] = {capture, static_cast<uint32_t>(capture->branches.size())};
        capture->branches.push_back({stream, {}, 0});
    }
    const uint32_t branch = members[stream].branch;
    join(capture->branches[branch].known, capture->records[captured->second.record]);
    capture->items.push_back({Item::wait, branch, captured->second.record, {}});
    return true;
}

bool is_captured(cudaEvent_t event) { return captured_events.count(event); }
void forget_captured(cudaEvent_t event) { captured_events.erase(event); }

}  // namespace emulate

using namespace emulate;

// The runtime API's opaque types.
struct CUgraph_st {
    std::vector<Item> items;
    size_t branches, records;

    size_t nodes() const {
        return static_cast<size_t>(std::count_if(items.begin(), items.end(), [](const Item &item) { return item.kind == Item::work; }));
    }
};

struct CUgraphExec_st {
    CUgraph_st graph;
    std::vector<uint32_t> streams;   // of the branches after the first, whose stream is the launch's
    uint64_t first_event;
    uint64_t launched;               // an event: the end of the last launch
};

static cudaError_t instantiate(cudaGraphExec_t *result, cudaGraph_t graph) {
    Call call;
    if (call.error) return call.error;
    if (!result || !graphs.count(graph)) return note(cudaErrorInvalidValue);
    auto *executable = new CUgraphExec_st{*graph, {}, 0, 0};
    while (executable->streams.size() + 1 < graph->branches) executable->streams.push_back(new_stream_number());
    executable->launched = new_event_numbers(graph->records + 1);
    executable->first_event = executable->launched + 1;
    executables.insert(executable);
    *result = executable;
    return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
    Call call;
    if (call.error) return call.error;
    if (!stream_exists(stream)) return note(cudaErrorInvalidResourceHandle);
    if (stream == cudaStreamPerThread) check::unsupported("capture of the per-thread default stream");
    if (mode < cudaStreamCaptureModeGlobal || mode > cudaStreamCaptureModeRelaxed) return note(cudaErrorInvalidValue);
    if (stream_number(stream) == 0) return note(cudaErrorStreamCaptureUnsupported);
    if (capturing(stream)) return note(cudaErrorIllegalState);
    static uint64_t count = 0;
    auto capture = std::make_shared<Capture>();
    capture->id = ++count;
    capture->mode = mode;
    capture->branches.push_back({stream, {}, 0});
    members[stream] = {capture, 0};
    return cudaSuccess;
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
    if (!capture->valid) return note(cudaErrorStreamCaptureInvalidated);
    if (!all_joined(*capture)) return note(cudaErrorStreamCaptureUnjoined);
    if (!graph) return note(cudaErrorInvalidValue);
    *graph = new CUgraph_st{capture->items, capture->branches.size(), capture->records.size()};
    graphs.insert(*graph);
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

cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode *mode) {
    if (!mode) return note(cudaErrorInvalidValue);
    std::swap(*mode, thread_mode);
    return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *executable, cudaGraph_t graph, unsigned long long flags) {
    // Launches by the device, and memory that launches free, belong to nodes that are not captured here.
    if (flags & ~static_cast<unsigned long long>(cudaGraphInstantiateFlagAutoFreeOnLaunch | cudaGraphInstantiateFlagUpload | cudaGraphInstantiateFlagUseNodePriority))
        check::unsupported("a flag of cudaGraphInstantiate");
    return instantiate(executable, graph);
}

cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t *executable, cudaGraph_t graph, unsigned long long flags) { return cudaGraphInstantiate(executable, graph, flags); }

// The branches are streams, and the capture's events order them as they did then. Launches of one executable graph come one
// after another, whatever their streams (cudaGraphLaunch: "Each launch is ordered behind … any previous launches of graphExec").
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
    Call call;
    if (call.error) return call.error;
    if (!executables.count(executable)) return note(cudaErrorInvalidValue);
    if (!stream_exists(stream)) return note(cudaErrorInvalidResourceHandle);
    if (capturing(stream)) check::unsupported("graphs within graphs");
    if (const cudaError_t error = disturbs_capture(stream)) return note(error);
    const uint32_t first = stream_number(stream);
    check::event_awaited(executable->launched, first);
    cudaError_t result = cudaSuccess;
    for (const Item &item : executable->graph.items) {
        const uint32_t number = item.branch == 0 ? first : executable->streams[item.branch - 1];
        if (item.kind == Item::record) check::event_recorded(executable->first_event + item.event, number);
        else if (item.kind == Item::wait) check::event_awaited(executable->first_event + item.event, number);
        else if (const cudaError_t error = item.run(number); error && !result) result = error;
    }
    check::event_recorded(executable->launched, first);
    return note(result);
}

cudaError_t cudaGraphUpload(cudaGraphExec_t executable, cudaStream_t stream) {
    Call call;
    if (call.error) return call.error;
    return executables.count(executable) && stream_exists(stream) ? cudaSuccess : note(cudaErrorInvalidValue);
}

// The same calls, with other parameters: only then does the executable graph take them.
cudaError_t cudaGraphExecUpdate(cudaGraphExec_t executable, cudaGraph_t graph, cudaGraphExecUpdateResultInfo *info) {
    Call call;
    if (call.error) return call.error;
    if (!executables.count(executable) || !graphs.count(graph) || !info) return note(cudaErrorInvalidValue);
    const auto &before = executable->graph.items, &after = graph->items;
    const bool same = std::equal(before.begin(), before.end(), after.begin(), after.end(), [](const Item &a, const Item &b) { return a.same_place(b); });
    *info = {};
    info->result = same ? cudaGraphExecUpdateSuccess : cudaGraphExecUpdateErrorTopologyChanged;
    if (!same) return note(cudaErrorGraphExecUpdateFailure);
    executable->graph = *graph;
    return cudaSuccess;
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t *nodes, size_t *count) {
    Call call;
    if (call.error) return call.error;
    if (!graphs.count(graph) || !count) return note(cudaErrorInvalidValue);
    if (nodes) check::unsupported("nodes of graphs");
    *count = graph->nodes();
    return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    Call call;
    if (call.error) return call.error;
    if (!graphs.erase(graph)) return note(cudaErrorInvalidValue);
    delete graph;
    return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
    Call call;
    if (call.error) return call.error;
    if (!executables.erase(executable)) return note(cudaErrorInvalidValue);
    delete executable;
    return cudaSuccess;
}
