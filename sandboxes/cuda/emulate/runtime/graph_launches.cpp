// Executable graphs: what is launched.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <map>
#include <queue>
#include <set>

#include "errors.h"
#include "hooks.h"
#include "launches.h"
#include "nodes.h"
#include "streams.h"

using namespace emulate;

namespace {

// A node of an executable graph. Child graphs are taken apart: their nodes stand among the others, and the node that had one
// is the empty one that they end with.
struct Step {
    uint64_t node;                  // the id of what it was made from
    cudaGraphNode_t maker;          // that node, which may be gone by now
    Action action;
    std::vector<uint32_t> after;    // earlier steps
    uint32_t lane = 0;              // steps of one lane depend each on the one before
    bool enabled = true;
};

constexpr unsigned long long known_flags = cudaGraphInstantiateFlagAutoFreeOnLaunch | cudaGraphInstantiateFlagUpload | cudaGraphInstantiateFlagUseNodePriority;

}  // namespace

// The runtime API's opaque type.
struct CUgraphExec_st {
    std::vector<Step> steps;         // each after those that it depends on
    std::vector<uint32_t> streams;   // of the lanes after the first, whose stream is the launch's
    uint64_t first_event;            // the ends of the steps, one each
    uint64_t begun, launched;        // events: the begin of a launch, the end of the last one
    unsigned long long flags;
    uint64_t launches = 0;
};

namespace {

std::set<cudaGraphExec_t> &executables() {
    static auto *all = new std::set<cudaGraphExec_t>;   // never destroyed: the program's own destructors may still call
    return *all;
}

// Appends the steps of a graph, of which the first depend on `entry`. Gives what its end consists of. False: it has a cycle.
bool take_apart(const CUgraph_st &graph, const std::vector<uint32_t> &entry, std::vector<Step> &steps, std::vector<uint32_t> &ends) {
    std::map<cudaGraphNode_t, size_t> waits;
    std::map<cudaGraphNode_t, Nodes> dependents;
    std::map<cudaGraphNode_t, uint32_t> step_of;
    Nodes ready;   // in the order in which they were added, as far as the edges allow
    for (const auto &node : graph.nodes) {
        waits[node.get()] = node->dependencies.size();
        for (const cudaGraphNode_t dependency : node->dependencies) dependents[dependency].push_back(node.get());
        if (node->dependencies.empty()) ready.push_back(node.get());
    }
    for (size_t i = 0; i < ready.size(); ++i) {
        const cudaGraphNode_t node = ready[i];
        std::vector<uint32_t> after = node->dependencies.empty() ? entry : std::vector<uint32_t>();
        for (const cudaGraphNode_t dependency : node->dependencies) after.push_back(step_of[dependency]);
        if (node->child) {
            std::vector<uint32_t> inner;
            if (!take_apart(*node->child, after, steps, inner)) return false;
            after.insert(after.begin(), inner.begin(), inner.end());
        }
        step_of[node] = static_cast<uint32_t>(steps.size());
        steps.push_back({node->id, node, node->action, after});
        for (const cudaGraphNode_t dependent : dependents[node])
            if (--waits[dependent] == 0) ready.push_back(dependent);
        if (dependents[node].empty()) ends.push_back(step_of[node]);
    }
    return ready.size() == graph.nodes.size();
}

bool same_edges(const Step &a, const Step &b) {
    return std::is_permutation(a.after.begin(), a.after.end(), b.after.begin(), b.after.end());
}

// A step goes on in the lane of one that it depends on, if no other did. Gives the number of lanes.
uint32_t assign_lanes(std::vector<Step> &steps) {
    std::vector<uint32_t> last;   // step of each lane
    for (uint32_t i = 0; i < steps.size(); ++i) {
        Step &step = steps[i];
        const auto goes_on = std::find_if(step.after.begin(), step.after.end(), [&](uint32_t before) { return last[steps[before].lane] == before; });
        step.lane = goes_on != step.after.end() ? steps[*goes_on].lane : static_cast<uint32_t>(last.size());
        if (step.lane == last.size()) last.push_back(i);
        else last[step.lane] = i;
    }
    return static_cast<uint32_t>(last.size());
}

cudaError_t instantiate(cudaGraphExec_t *result, cudaGraph_t graph, unsigned long long flags, bool &cyclic) {
    if (!result || !graph_exists(graph)) return cudaErrorInvalidValue;
    // Launches by the device: nothing of it is here.
    if (flags & ~known_flags) check::unsupported("a flag of cudaGraphInstantiate");
    auto executable = std::make_unique<CUgraphExec_st>();
    std::vector<uint32_t> ends;
    cyclic = !take_apart(*graph, {}, executable->steps, ends);
    if (cyclic) return cudaErrorInvalidValue;
    for (uint32_t lanes = assign_lanes(executable->steps); lanes > 1; --lanes) executable->streams.push_back(new_stream_number());
    executable->begun = new_event_numbers(executable->steps.size() + 2);
    executable->launched = executable->begun + 1;
    executable->first_event = executable->begun + 2;
    executable->flags = flags;
    executables().insert(executable.get());
    *result = executable.release();
    return cudaSuccess;
}

// The order of a launch: any that the edges allow, by the seed; with seed 0 that in which the nodes were added.
std::vector<uint32_t> order_of(const CUgraphExec_st &executable) {
    const auto &steps = executable.steps;
    const auto rank = [&](uint32_t step) {
        if (seed() == 0) return uint64_t{step};
        uint64_t z = seed() * 0x9E3779B97F4A7C15ull + executable.launches * 0xD1B54A32D192ED03ull + step;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
        return z ^ (z >> 31);
    };
    using Entry = std::pair<uint64_t, uint32_t>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> ready;
    std::vector<size_t> waits(steps.size());
    std::vector<std::vector<uint32_t>> dependents(steps.size());
    for (uint32_t i = 0; i < steps.size(); ++i) {
        waits[i] = steps[i].after.size();
        for (const uint32_t before : steps[i].after) dependents[before].push_back(i);
        if (waits[i] == 0) ready.emplace(rank(i), i);
    }
    std::vector<uint32_t> order;
    while (!ready.empty()) {
        order.push_back(ready.top().second);
        ready.pop();
        for (const uint32_t dependent : dependents[order.back()])
            if (--waits[dependent] == 0) ready.emplace(rank(dependent), dependent);
    }
    return order;
}

cudaError_t run_step(const CUgraphExec_st &executable, uint32_t number, uint32_t stream) {
    const Step &step = executable.steps[number];
    const auto stream_of = [&](const Step &s) { return s.lane == 0 ? stream : executable.streams[s.lane - 1]; };
    const uint32_t own = stream_of(step);
    if (step.after.empty()) check::event_awaited(executable.begun, own);
    for (const uint32_t before : step.after)
        if (executable.steps[before].lane != step.lane) check::event_awaited(executable.first_event + before, own);
    cudaError_t result = cudaSuccess;
    for (const Work &work : step.action.works)
        if (const cudaError_t error = step.enabled ? work(own) : cudaSuccess; error && !result) result = error;
    check::event_recorded(executable.first_event + number, own);
    return result;
}

// Launches of one executable graph come one after another, whatever their streams (cudaGraphLaunch: "Each launch is ordered
// behind … any previous launches of graphExec").
cudaError_t launch(CUgraphExec_st &executable, uint32_t stream) {
    check::event_awaited(executable.launched, stream);
    check::event_recorded(executable.begun, stream);
    cudaError_t result = cudaSuccess;
    for (const uint32_t step : order_of(executable))
        if (const cudaError_t error = run_step(executable, step, stream); error && !result) result = error;
    for (uint32_t i = 0; i < executable.steps.size(); ++i) {
        const Step &step = executable.steps[i];
        if (step.lane != 0) check::event_awaited(executable.first_event + i, stream);
        // It may tell another thread of the host that it has run, in ways that nobody sees here.
        if (step.action.type == cudaGraphNodeTypeHost) check::host_awaited_event(executable.first_event + i);
    }
    check::event_recorded(executable.launched, stream);
    ++executable.launches;
    return result;
}

}  // namespace

bool emulate::executable_exists(cudaGraphExec_t executable) { return executables().count(executable); }

Action *emulate::action_in(cudaGraphExec_t executable, cudaGraphNode_t node) {
    for (Step &step : executable->steps)
        if (step.node == node->id) return &step.action;
    return nullptr;
}

std::unique_ptr<CUgraph_st> emulate::graph_of(cudaGraphExec_t executable) {
    auto graph = std::make_unique<CUgraph_st>();
    Nodes nodes;
    for (const Step &step : executable->steps) {
        Nodes dependencies;
        for (const uint32_t before : step.after) dependencies.push_back(nodes[before]);
        nodes.push_back(add_node(graph.get(), dependencies, step.enabled ? step.action : Action()));
    }
    return graph;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *executable, cudaGraph_t graph, unsigned long long flags) {
    Call call;
    bool cyclic;
    return call.error ? call.error : note(instantiate(executable, graph, flags, cyclic));
}

cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t *executable, cudaGraph_t graph, unsigned long long flags) { return cudaGraphInstantiate(executable, graph, flags); }

cudaError_t cudaGraphInstantiateWithParams(cudaGraphExec_t *executable, cudaGraph_t graph, cudaGraphInstantiateParams *p) {
    Call call;
    if (call.error) return call.error;
    if (!p) return note(cudaErrorInvalidValue);
    bool cyclic = false;
    const cudaError_t error = instantiate(executable, graph, p->flags, cyclic);
    p->errNode_out = nullptr;
    p->result_out = cyclic ? cudaGraphInstantiateInvalidStructure : error ? cudaGraphInstantiateError : cudaGraphInstantiateSuccess;
    return note(error);
}

cudaError_t cudaGraphExecGetFlags(cudaGraphExec_t executable, unsigned long long *flags) {
    Call call;
    if (call.error) return call.error;
    if (!executable_exists(executable) || !flags) return note(cudaErrorInvalidValue);
    *flags = executable->flags;
    return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
    Call call;
    if (call.error) return call.error;
    if (!executable_exists(executable)) return note(cudaErrorInvalidValue);
    if (!stream_exists(stream)) return note(cudaErrorInvalidResourceHandle);
    if (const cudaError_t error = disturbs_capture(stream)) return note(error);
    return note(capturing(stream) ? keep_child(stream, graph_of(executable)) : launch(*executable, stream_number(stream)));
}

cudaError_t cudaGraphUpload(cudaGraphExec_t executable, cudaStream_t stream) {
    Call call;
    if (call.error) return call.error;
    return executable_exists(executable) && stream_exists(stream) ? cudaSuccess : note(cudaErrorInvalidValue);
}

// The same nodes and edges, with other parameters: only then does the executable graph take them. Nodes are matched by the
// order in which they were added.
cudaError_t cudaGraphExecUpdate(cudaGraphExec_t executable, cudaGraph_t graph, cudaGraphExecUpdateResultInfo *info) {
    Call call;
    if (call.error) return call.error;
    if (!executable_exists(executable) || !graph_exists(graph) || !info) return note(cudaErrorInvalidValue);
    std::vector<Step> steps;
    std::vector<uint32_t> ends;
    *info = {};
    auto &own = executable->steps;
    if (!take_apart(*graph, {}, steps, ends) || steps.size() != own.size()) info->result = cudaGraphExecUpdateErrorTopologyChanged;
    for (size_t i = 0; i < steps.size() && !info->result; ++i) {
        if (!same_edges(steps[i], own[i])) info->result = cudaGraphExecUpdateErrorTopologyChanged;
        else if (steps[i].action.type != own[i].action.type) info->result = cudaGraphExecUpdateErrorNodeTypeChanged;
        if (info->result) info->errorNode = steps[i].maker;
    }
    if (info->result) return note(cudaErrorGraphExecUpdateFailure);
    for (size_t i = 0; i < steps.size(); ++i) own[i].action = std::move(steps[i].action);
    return cudaSuccess;
}

// The steps of a child graph stand just before that of its node.
cudaError_t cudaGraphExecChildGraphNodeSetParams(cudaGraphExec_t executable, cudaGraphNode_t node, cudaGraph_t child) {
    Call call;
    if (call.error) return call.error;
    if (!executable_exists(executable) || !node_exists(node) || !node->child || !graph_exists(child)) return note(cudaErrorInvalidValue);
    auto &own = executable->steps;
    const auto end = std::find_if(own.begin(), own.end(), [&](const Step &step) { return step.node == node->id; });
    std::vector<Step> before, after;
    std::vector<uint32_t> ends;
    if (end == own.end() || !take_apart(*node->child, {}, before, ends) || !take_apart(*child, {}, after, ends)) return note(cudaErrorInvalidValue);
    const auto alike = [](const Step &a, const Step &b) { return a.action.type == b.action.type && same_edges(a, b); };
    if (!std::equal(before.begin(), before.end(), after.begin(), after.end(), alike)) return note(cudaErrorInvalidValue);
    for (size_t i = 0; i < after.size(); ++i) (end - static_cast<ptrdiff_t>(after.size() - i))->action = std::move(after[i].action);
    return cudaSuccess;
}

// Kernels, copies and fills can be left out.
static Step *optional_step(cudaGraphExec_t executable, cudaGraphNode_t node) {
    if (!executable_exists(executable) || !node_exists(node)) return nullptr;
    for (Step &step : executable->steps)
        if (step.node == node->id) return step.action.type <= cudaGraphNodeTypeMemset ? &step : nullptr;
    return nullptr;
}

cudaError_t cudaGraphNodeSetEnabled(cudaGraphExec_t executable, cudaGraphNode_t node, unsigned enabled) {
    Call call;
    if (call.error) return call.error;
    Step *step = optional_step(executable, node);
    if (!step) return note(cudaErrorInvalidValue);
    step->enabled = enabled != 0;
    return cudaSuccess;
}

cudaError_t cudaGraphNodeGetEnabled(cudaGraphExec_t executable, cudaGraphNode_t node, unsigned *enabled) {
    Call call;
    if (call.error) return call.error;
    const Step *step = optional_step(executable, node);
    if (!step || !enabled) return note(cudaErrorInvalidValue);
    *enabled = step->enabled;
    return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
    Call call;
    if (call.error) return call.error;
    if (!executables().erase(executable)) return note(cudaErrorInvalidValue);
    delete executable;
    return cudaSuccess;
}
