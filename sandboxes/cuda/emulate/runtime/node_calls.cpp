// The calls that add nodes of each type, that answer their parameters, and that change these in a graph or an executable graph.
#include <cuda_runtime_api.h>

#include "errors.h"
#include "hooks.h"
#include "nodes.h"

using namespace emulate;

#define HERE __builtin_return_address(0)

namespace {

// `make(action)` makes the action from the call's parameters.
template <class Make>
cudaError_t add(cudaGraphNode_t *node, cudaGraph_t graph, const cudaGraphNode_t *after, size_t count, Make make) {
    Call call;
    if (call.error) return call.error;
    if (!node || !graph_exists(graph) || !nodes_of(graph, after, count)) return note(cudaErrorInvalidValue);
    Action action;
    if (const cudaError_t error = make(action)) return note(error);
    *node = add_node(graph, Nodes(after, after + count), std::move(action));
    return cudaSuccess;
}

template <class Make>
cudaError_t set(Action *place, Make make) {
    if (!place) return note(cudaErrorInvalidValue);
    Action action;
    if (const cudaError_t error = make(action)) return note(error);
    return note(replace(*place, std::move(action)));
}

template <class Make>
cudaError_t set(cudaGraphNode_t node, Make make) {
    Call call;
    return call.error ? call.error : set(node_exists(node) ? &node->action : nullptr, make);
}

template <class Make>
cudaError_t set(cudaGraphExec_t executable, cudaGraphNode_t node, Make make) {
    Call call;
    return call.error ? call.error : set(executable_exists(executable) && node_exists(node) ? action_in(executable, node) : nullptr, make);
}

// A parameter of a node of this type, for which the program asks. A captured node has not kept all of them.
template <class T, class Kept>
cudaError_t get(cudaGraphNode_t node, cudaGraphNodeType type, T *result, Kept kept) {
    Call call;
    if (call.error) return call.error;
    if (!result || !node_exists(node) || node->action.type != type) return note(cudaErrorInvalidValue);
    const auto &value = kept(node->action);
    if (!value) check::unsupported("parameters of a captured node");
    *result = *value;
    return cudaSuccess;
}

// An update keeps what only an attribute of the node says.
bool cooperative(const Action *action) { return action && action->kernel && action->kernel->cooperative; }

// A child graph node's action is its graph: nothing of its own.
cudaError_t add_child(cudaGraphNode_t *node, cudaGraph_t graph, const cudaGraphNode_t *after, size_t count, cudaGraph_t child) {
    Call call;
    if (call.error) return call.error;
    if (!graph_exists(child) || child == graph) return note(cudaErrorInvalidValue);
    const auto make = [](Action &action) { return action.type = cudaGraphNodeTypeGraph, cudaSuccess; };
    if (const cudaError_t error = add(node, graph, after, count, make)) return error;
    (*node)->child = clone(*child);
    (*node)->child->owned = true;
    return cudaSuccess;
}

void *behind(const void *symbol, size_t offset) { return static_cast<char *>(const_cast<void *>(symbol)) + offset; }

}  // namespace

#define ADD cudaGraphNode_t *node, cudaGraph_t graph, const cudaGraphNode_t *after, size_t count
#define INTO node, graph, after, count

// Kernels.
cudaError_t cudaGraphAddKernelNode(ADD, const cudaKernelNodeParams *p) {
    return add(INTO, [&](Action &action) { return kernel_action(p, false, action); });
}
cudaError_t cudaGraphKernelNodeGetParams(cudaGraphNode_t node, cudaKernelNodeParams *p) {
    return get(node, cudaGraphNodeTypeKernel, p, [](Action &action) { return action.kernel ? &action.kernel->parameters : nullptr; });
}
cudaError_t cudaGraphKernelNodeSetParams(cudaGraphNode_t node, const cudaKernelNodeParams *p) {
    return set(node, [&](Action &action) { return kernel_action(p, cooperative(&node->action), action); });
}
cudaError_t cudaGraphExecKernelNodeSetParams(cudaGraphExec_t executable, cudaGraphNode_t node, const cudaKernelNodeParams *p) {
    return set(executable, node, [&](Action &action) { return kernel_action(p, cooperative(action_in(executable, node)), action); });
}
cudaError_t cudaGraphKernelNodeSetAttribute(cudaGraphNode_t node, cudaKernelNodeAttrID attribute, const cudaKernelNodeAttrValue *value) {
    Call call;
    if (call.error) return call.error;
    if (!value || !node_exists(node) || node->action.type != cudaGraphNodeTypeKernel) return note(cudaErrorInvalidValue);
    switch (attribute) {
        // What these ask for changes no result.
        case cudaLaunchAttributePriority:
        case cudaLaunchAttributeAccessPolicyWindow:
        case cudaLaunchAttributePreferredSharedMemoryCarveout: return cudaSuccess;
        case cudaLaunchAttributeCooperative: break;
        default: check::unsupported("an attribute of a kernel node");
    }
    if (!node->action.kernel) check::unsupported("an attribute of a captured node");
    const std::shared_ptr<KernelValues> kernel = node->action.kernel;
    return note(kernel_action(&kernel->parameters, value->cooperative != 0, node->action));
}

// Copies.
cudaError_t cudaGraphAddMemcpyNode(ADD, const cudaMemcpy3DParms *p) {
    const void *pc = HERE;
    return add(INTO, [&](Action &action) { return copy_action(p, pc, action); });
}
cudaError_t cudaGraphAddMemcpyNode1D(ADD, void *to, const void *from, size_t size, cudaMemcpyKind kind) {
    const void *pc = HERE;
    return add(INTO, [&](Action &action) { return copy_action(to, from, size, kind, pc, action); });
}
cudaError_t cudaGraphAddMemcpyNodeToSymbol(ADD, const void *symbol, const void *from, size_t size, size_t offset, cudaMemcpyKind kind) {
    const void *pc = HERE;
    return add(INTO, [&](Action &action) { return symbol_action(behind(symbol, offset), from, symbol, size, kind, pc, action); });
}
cudaError_t cudaGraphAddMemcpyNodeFromSymbol(ADD, void *to, const void *symbol, size_t size, size_t offset, cudaMemcpyKind kind) {
    const void *pc = HERE;
    return add(INTO, [&](Action &action) { return symbol_action(to, behind(symbol, offset), symbol, size, kind, pc, action); });
}
cudaError_t cudaGraphMemcpyNodeGetParams(cudaGraphNode_t node, cudaMemcpy3DParms *p) {
    return get(node, cudaGraphNodeTypeMemcpy, p, [](Action &action) { return action.copy; });
}
cudaError_t cudaGraphMemcpyNodeSetParams(cudaGraphNode_t node, const cudaMemcpy3DParms *p) {
    const void *pc = HERE;
    return set(node, [&](Action &action) { return copy_action(p, pc, action); });
}
cudaError_t cudaGraphMemcpyNodeSetParams1D(cudaGraphNode_t node, void *to, const void *from, size_t size, cudaMemcpyKind kind) {
    const void *pc = HERE;
    return set(node, [&](Action &action) { return copy_action(to, from, size, kind, pc, action); });
}
cudaError_t cudaGraphMemcpyNodeSetParamsToSymbol(cudaGraphNode_t node, const void *symbol, const void *from, size_t size, size_t offset, cudaMemcpyKind kind) {
    const void *pc = HERE;
    return set(node, [&](Action &action) { return symbol_action(behind(symbol, offset), from, symbol, size, kind, pc, action); });
}
cudaError_t cudaGraphMemcpyNodeSetParamsFromSymbol(cudaGraphNode_t node, void *to, const void *symbol, size_t size, size_t offset, cudaMemcpyKind kind) {
    const void *pc = HERE;
    return set(node, [&](Action &action) { return symbol_action(to, behind(symbol, offset), symbol, size, kind, pc, action); });
}
cudaError_t cudaGraphExecMemcpyNodeSetParams(cudaGraphExec_t executable, cudaGraphNode_t node, const cudaMemcpy3DParms *p) {
    const void *pc = HERE;
    return set(executable, node, [&](Action &action) { return copy_action(p, pc, action); });
}
cudaError_t cudaGraphExecMemcpyNodeSetParams1D(cudaGraphExec_t executable, cudaGraphNode_t node, void *to, const void *from, size_t size, cudaMemcpyKind kind) {
    const void *pc = HERE;
    return set(executable, node, [&](Action &action) { return copy_action(to, from, size, kind, pc, action); });
}
cudaError_t cudaGraphExecMemcpyNodeSetParamsToSymbol(cudaGraphExec_t executable, cudaGraphNode_t node, const void *symbol, const void *from, size_t size, size_t offset,
                                                     cudaMemcpyKind kind) {
    const void *pc = HERE;
    return set(executable, node, [&](Action &action) { return symbol_action(behind(symbol, offset), from, symbol, size, kind, pc, action); });
}
cudaError_t cudaGraphExecMemcpyNodeSetParamsFromSymbol(cudaGraphExec_t executable, cudaGraphNode_t node, void *to, const void *symbol, size_t size, size_t offset,
                                                       cudaMemcpyKind kind) {
    const void *pc = HERE;
    return set(executable, node, [&](Action &action) { return symbol_action(to, behind(symbol, offset), symbol, size, kind, pc, action); });
}

// Fills.
cudaError_t cudaGraphAddMemsetNode(ADD, const cudaMemsetParams *p) {
    const void *pc = HERE;
    return add(INTO, [&](Action &action) { return fill_action(p, pc, action); });
}
cudaError_t cudaGraphMemsetNodeGetParams(cudaGraphNode_t node, cudaMemsetParams *p) {
    return get(node, cudaGraphNodeTypeMemset, p, [](Action &action) { return action.fill; });
}
cudaError_t cudaGraphMemsetNodeSetParams(cudaGraphNode_t node, const cudaMemsetParams *p) {
    const void *pc = HERE;
    return set(node, [&](Action &action) { return fill_action(p, pc, action); });
}
cudaError_t cudaGraphExecMemsetNodeSetParams(cudaGraphExec_t executable, cudaGraphNode_t node, const cudaMemsetParams *p) {
    const void *pc = HERE;
    return set(executable, node, [&](Action &action) { return fill_action(p, pc, action); });
}

// Functions of the host.
cudaError_t cudaGraphAddHostNode(ADD, const cudaHostNodeParams *p) {
    return add(INTO, [&](Action &action) { return host_action(p, action); });
}
cudaError_t cudaGraphHostNodeGetParams(cudaGraphNode_t node, cudaHostNodeParams *p) {
    return get(node, cudaGraphNodeTypeHost, p, [](Action &action) { return action.host; });
}
cudaError_t cudaGraphHostNodeSetParams(cudaGraphNode_t node, const cudaHostNodeParams *p) {
    return set(node, [&](Action &action) { return host_action(p, action); });
}
cudaError_t cudaGraphExecHostNodeSetParams(cudaGraphExec_t executable, cudaGraphNode_t node, const cudaHostNodeParams *p) {
    return set(executable, node, [&](Action &action) { return host_action(p, action); });
}

// Events.
#define EVENT_NODES(Name, kind)                                                                                                      \
    cudaError_t cudaGraphAddEvent##Name##Node(ADD, cudaEvent_t event) {                                                              \
        return add(INTO, [&](Action &action) { return event_action(kind, event, action); });                                         \
    }                                                                                                                                \
    cudaError_t cudaGraphEvent##Name##NodeGetEvent(cudaGraphNode_t node, cudaEvent_t *event) {                                       \
        return get(node, kind, event, [](Action &action) { return &action.event; });                                                 \
    }                                                                                                                                \
    cudaError_t cudaGraphEvent##Name##NodeSetEvent(cudaGraphNode_t node, cudaEvent_t event) {                                        \
        return set(node, [&](Action &action) { return event_action(kind, event, action); });                                         \
    }                                                                                                                                \
    cudaError_t cudaGraphExecEvent##Name##NodeSetEvent(cudaGraphExec_t executable, cudaGraphNode_t node, cudaEvent_t event) {        \
        return set(executable, node, [&](Action &action) { return event_action(kind, event, action); });                             \
    }
EVENT_NODES(Record, cudaGraphNodeTypeEventRecord)
EVENT_NODES(Wait, cudaGraphNodeTypeWaitEvent)

// The rest.
cudaError_t cudaGraphAddEmptyNode(ADD) {
    return add(INTO, [](Action &) { return cudaSuccess; });
}
cudaError_t cudaGraphAddChildGraphNode(ADD, cudaGraph_t child) { return add_child(INTO, child); }
cudaError_t cudaGraphAddMemAllocNode(ADD, cudaMemAllocNodeParams *) {
    (void)node, (void)graph, (void)after, (void)count;
    check::unsupported("memory that graphs allocate");
}
cudaError_t cudaGraphAddMemFreeNode(ADD, void *) {
    (void)node, (void)graph, (void)after, (void)count;
    check::unsupported("memory that graphs allocate");
}

// Of any type.
cudaError_t cudaGraphAddNode(cudaGraphNode_t *node, cudaGraph_t graph, const cudaGraphNode_t *after, const cudaGraphEdgeData *data, size_t count, cudaGraphNodeParams *p) {
    const void *pc = HERE;
    only_full_edges(data, count);
    if (!p || p->type != cudaGraphNodeTypeGraph) return add(INTO, [&](Action &action) { return any_action(p, pc, action); });
    if (p->graph.ownership != cudaGraphChildGraphOwnershipClone) check::unsupported("a child graph that is moved");
    const cudaError_t error = add_child(INTO, p->graph.graph);
    if (!error) p->graph.graph = (*node)->child.get();
    return error;
}
cudaError_t cudaGraphNodeSetParams(cudaGraphNode_t node, cudaGraphNodeParams *p) {
    const void *pc = HERE;
    return set(node, [&](Action &action) { return any_action(p, pc, action); });
}
cudaError_t cudaGraphExecNodeSetParams(cudaGraphExec_t executable, cudaGraphNode_t node, cudaGraphNodeParams *p) {
    const void *pc = HERE;
    return set(executable, node, [&](Action &action) { return any_action(p, pc, action); });
}
