#include "nodes.h"

#include <cuda_runtime_api.h>

#include <algorithm>
#include <map>
#include <set>

#include "copies.h"
#include "errors.h"
#include "hooks.h"
#include "launches.h"
#include "memory.h"
#include "streams.h"

namespace emulate {

namespace {

// Never destroyed: the program's own destructors may still call.
std::set<cudaGraph_t> &graphs() {
    static auto *all = new std::set<cudaGraph_t>;
    return *all;
}
std::set<cudaGraphNode_t> &nodes() {
    static auto *all = new std::set<cudaGraphNode_t>;
    return *all;
}

uint64_t node_count = 0;

cudaGraphNode_t insert(CUgraph_st &graph, uint64_t original, Action action) {
    graph.nodes.push_back(std::unique_ptr<CUgraphNode_st>(new CUgraphNode_st{++node_count, original, &graph, std::move(action), {}, nullptr}));
    nodes().insert(graph.nodes.back().get());
    return graph.nodes.back().get();
}

}  // namespace

bool graph_exists(cudaGraph_t graph) { return graphs().count(graph); }
bool node_exists(cudaGraphNode_t node) { return nodes().count(node); }

cudaGraphNode_t add_node(cudaGraph_t graph, Nodes dependencies, Action action) {
    const cudaGraphNode_t node = insert(*graph, 0, std::move(action));
    node->dependencies = std::move(dependencies);
    return node;
}

void forget_node(cudaGraphNode_t node) {
    nodes().erase(node);
    auto &all = node->graph->nodes;
    all.erase(std::find_if(all.begin(), all.end(), [&](const auto &other) { return other.get() == node; }));
}

std::unique_ptr<CUgraph_st> clone(const CUgraph_st &graph) {
    auto result = std::make_unique<CUgraph_st>();
    std::map<cudaGraphNode_t, cudaGraphNode_t> twins;
    for (const auto &node : graph.nodes) {
        const cudaGraphNode_t twin = twins[node.get()] = insert(*result, node->id, node->action);
        if (node->child) {
            twin->child = clone(*node->child);
            twin->child->owned = true;
        }
    }
    for (const auto &node : graph.nodes)
        for (const cudaGraphNode_t dependency : node->dependencies) twins[node.get()]->dependencies.push_back(twins[dependency]);
    return result;
}

bool nodes_of(cudaGraph_t graph, const cudaGraphNode_t *nodes, size_t count) {
    if (count && !nodes) return false;
    const std::set<cudaGraphNode_t> different(nodes, nodes + count);
    return different.size() == count && std::all_of(nodes, nodes + count, [&](cudaGraphNode_t node) { return node_exists(node) && node->graph == graph; });
}

Nodes with_ancestors(const Nodes &nodes) {
    std::set<cudaGraphNode_t> seen(nodes.begin(), nodes.end());
    Nodes left(seen.begin(), seen.end());
    while (!left.empty()) {
        const cudaGraphNode_t node = left.back();
        left.pop_back();
        for (const cudaGraphNode_t dependency : node->dependencies)
            if (seen.insert(dependency).second) left.push_back(dependency);
    }
    return Nodes(seen.begin(), seen.end());
}

void only_full_edges(const cudaGraphEdgeData *data, size_t count) {
    for (size_t i = 0; data && i < count; ++i)
        if (data[i].from_port || data[i].to_port || data[i].type) check::unsupported("programmatic dependencies of graphs");
}

cudaError_t kernel_action(const cudaKernelNodeParams *p, bool cooperative, Action &action) {
    if (!p) return cudaErrorInvalidValue;
    if (!p->func) return cudaErrorInvalidDeviceFunction;
    if (p->extra) check::unsupported("a kernel node's parameters in one buffer");
    const Kernel kernel = kernel_at(p->func);
    if (!kernel.call) return cudaErrorInvalidDeviceFunction;
    auto values = std::make_shared<KernelValues>(KernelValues{*p, cooperative, {}, {}});
    for (const size_t *size = kernel.sizes; size && *size; ++size) {
        if (!p->kernelParams) return cudaErrorInvalidValue;
        values->values.push_back(std::make_unique<KeptBytes>(p->kernelParams[values->values.size()], *size));
        values->addresses.push_back(values->values.back()->begin());
    }
    values->parameters.kernelParams = values->addresses.empty() ? nullptr : values->addresses.data();
    Recorder recorder;
    if (const cudaError_t error = keep_kernel(values->parameters, cooperative)) return error;
    action = Action();
    action.type = cudaGraphNodeTypeKernel;
    action.works = recorder.works;
    action.kernel = values;
    return cudaSuccess;
}

cudaError_t copy_action(const cudaMemcpy3DParms *p, const void *pc, Action &action) {
    if (!p) return cudaErrorInvalidValue;
    Recorder recorder;
    if (const cudaError_t error = copy_box(p, nullptr, false, pc)) return error;
    action = Action();
    action.type = cudaGraphNodeTypeMemcpy;
    action.works = recorder.works;
    action.copy = *p;
    return cudaSuccess;
}

cudaError_t copy_action(void *to, const void *from, size_t size, cudaMemcpyKind kind, const void *pc, Action &action) {
    cudaMemcpy3DParms p{};
    p.srcPtr = {const_cast<void *>(from), size, size, 1};
    p.dstPtr = {to, size, size, 1};
    p.extent = {size, 1, 1};
    p.kind = kind;
    return copy_action(&p, pc, action);
}

cudaError_t symbol_action(void *to, const void *from, const void *symbol, size_t size, cudaMemcpyKind kind, const void *pc, Action &action) {
    if (!symbol) return cudaErrorInvalidSymbol;
    note_symbol(symbol, 1);
    return copy_action(to, from, size, kind, pc, action);
}

cudaError_t fill_action(const cudaMemsetParams *p, const void *pc, Action &action) {
    if (!p || (p->elementSize != 1 && p->elementSize != 2 && p->elementSize != 4)) return cudaErrorInvalidValue;
    if (reinterpret_cast<uintptr_t>(p->dst) % p->elementSize || (p->height > 1 && (p->pitch % p->elementSize || p->pitch < p->width * p->elementSize)))
        return cudaErrorInvalidValue;
    Recorder recorder;
    if (const cudaError_t error = fill_rows(p->dst, p->value, {p->width * p->elementSize, p->height, p->pitch}, nullptr, pc, p->elementSize)) return error;
    action = Action();
    action.type = cudaGraphNodeTypeMemset;
    action.works = recorder.works;
    action.fill = *p;
    return cudaSuccess;
}

Action fill_action(const cudaMemsetParams &parameters, Work work) {
    Action action(cudaGraphNodeTypeMemset, std::move(work));
    action.fill = parameters;
    return action;
}

// The function is an operation among the stream's others: it knows what comes before it there, and nothing else of the device.
Action host_action(const cudaHostNodeParams &parameters) {
    Action action(cudaGraphNodeTypeHost, [=](uint32_t stream) {
        if (device_has_faulted()) return cudaSuccess;
        check::host_function_begins(stream);
        parameters.fn(parameters.userData);
        check::host_function_ends();
        return cudaSuccess;
    });
    action.host = parameters;
    return action;
}

cudaError_t host_action(const cudaHostNodeParams *parameters, Action &action) {
    if (!parameters || !parameters->fn) return cudaErrorInvalidValue;
    action = host_action(*parameters);
    return cudaSuccess;
}

Action event_action(cudaGraphNodeType type, cudaEvent_t event) {
    Action action(type, [=](uint32_t stream) {
        if (!event_exists(event)) return cudaErrorInvalidResourceHandle;
        type == cudaGraphNodeTypeEventRecord ? record_event(event, stream) : await_event(event, stream);
        return cudaSuccess;
    });
    action.event = event;
    return action;
}

cudaError_t event_action(cudaGraphNodeType type, cudaEvent_t event, Action &action) {
    if (!event_exists(event)) return cudaErrorInvalidValue;
    action = event_action(type, event);
    return cudaSuccess;
}

cudaError_t any_action(const cudaGraphNodeParams *p, const void *pc, Action &action) {
    if (!p) return cudaErrorInvalidValue;
    switch (p->type) {
        case cudaGraphNodeTypeKernel: {
            const auto &k = p->kernel;
            if (k.functionType == cudaKernelFunctionTypeKernel || k.functionType == cudaKernelFunctionTypeFunction) check::unsupported("a kernel node of a kernel's handle");
            const cudaKernelNodeParams kernel{k.func, k.gridDim, k.blockDim, k.sharedMemBytes, k.kernelParams, k.extra};
            return kernel_action(&kernel, false, action);
        }
        case cudaGraphNodeTypeMemcpy: return copy_action(&p->memcpy.copyParams, pc, action);
        case cudaGraphNodeTypeMemset: {
            const auto &m = p->memset;
            const cudaMemsetParams fill{m.dst, m.pitch, m.value, m.elementSize, m.width, m.height};
            return fill_action(&fill, pc, action);
        }
        case cudaGraphNodeTypeHost: {
            const cudaHostNodeParams host{p->host.fn, p->host.userData};
            return host_action(&host, action);
        }
        case cudaGraphNodeTypeEmpty: return action = Action(), cudaSuccess;
        case cudaGraphNodeTypeWaitEvent: return event_action(p->type, p->eventWait.event, action);
        case cudaGraphNodeTypeEventRecord: return event_action(p->type, p->eventRecord.event, action);
        case cudaGraphNodeTypeMemAlloc:
        case cudaGraphNodeTypeMemFree: check::unsupported("memory that graphs allocate");
        case cudaGraphNodeTypeConditional: check::unsupported("conditional nodes of graphs");
        default: check::unsupported("a type of graph nodes");
    }
}

cudaError_t replace(Action &action, Action by) {
    if (action.type != by.type) return cudaErrorInvalidValue;
    action = std::move(by);
    return cudaSuccess;
}

}  // namespace emulate

using namespace emulate;

CUgraph_st::CUgraph_st() { graphs().insert(this); }
CUgraph_st::~CUgraph_st() {
    graphs().erase(this);
    for (const auto &node : nodes) ::emulate::nodes().erase(node.get());
}
