// What graphs answer about their nodes and edges, and the calls that change those.
#include <cuda_runtime_api.h>

#include <algorithm>

#include "errors.h"
#include "hooks.h"
#include "nodes.h"

using namespace emulate;

namespace {

struct Edge {
    cudaGraphNode_t from, to;
};

// "If *count is higher than the actual number …, the remaining entries will be set to NULL, and the number … actually obtained
// will be returned" (cudaGraphGetNodes); with no room given, the count alone.
cudaError_t answer(const Nodes &all, cudaGraphNode_t *room, size_t *count) {
    if (!count) return note(cudaErrorInvalidValue);
    if (room) {
        const size_t given = std::min(*count, all.size());
        std::fill(std::copy_n(all.begin(), given, room), room + *count, nullptr);
        *count = given;
    } else {
        *count = all.size();
    }
    return cudaSuccess;
}

cudaError_t answer(const std::vector<Edge> &edges, cudaGraphNode_t *from, cudaGraphNode_t *to, cudaGraphEdgeData *data, size_t *count) {
    if (!count || (data && !from && !to)) return note(cudaErrorInvalidValue);
    size_t both = *count;
    Nodes starts, ends;
    for (const Edge &edge : edges) {
        starts.push_back(edge.from);
        ends.push_back(edge.to);
    }
    if (const cudaError_t error = answer(starts, from, count)) return error;
    if (to) *count = both;
    if (const cudaError_t error = to ? answer(ends, to, count) : cudaSuccess) return error;
    for (size_t i = 0; data && i < *count; ++i) data[i] = {};   // all edges are full ones
    return cudaSuccess;
}

// What each call begins with.
cudaError_t begin(const Call &call, bool right) { return call.error ? call.error : right ? cudaSuccess : note(cudaErrorInvalidValue); }

bool depends(cudaGraphNode_t node, cudaGraphNode_t on) { return std::find(node->dependencies.begin(), node->dependencies.end(), on) != node->dependencies.end(); }

cudaError_t change_edges(cudaGraph_t graph, const cudaGraphNode_t *from, const cudaGraphNode_t *to, size_t count, bool add) {
    Call call;
    if (const cudaError_t error = begin(call, graph_exists(graph) && (!count || (from && to)))) return error;
    const auto right = [&](cudaGraphNode_t node) { return node_exists(node) && node->graph == graph; };
    for (size_t i = 0; i < count; ++i) {
        if (!right(from[i]) || !right(to[i]) || from[i] == to[i] || depends(to[i], from[i]) == add) return note(cudaErrorInvalidValue);
        for (size_t j = 0; j < i; ++j)
            if (from[i] == from[j] && to[i] == to[j]) return note(cudaErrorInvalidValue);
    }
    for (size_t i = 0; i < count; ++i) {
        Nodes &dependencies = to[i]->dependencies;
        if (add) dependencies.push_back(from[i]);
        else dependencies.erase(std::find(dependencies.begin(), dependencies.end(), from[i]));
    }
    return cudaSuccess;
}

}  // namespace

cudaError_t cudaGraphCreate(cudaGraph_t *graph, unsigned flags) {
    Call call;
    if (const cudaError_t error = begin(call, graph && flags == 0)) return error;
    *graph = new CUgraph_st;
    return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    Call call;
    if (const cudaError_t error = begin(call, graph_exists(graph) && !graph->owned)) return error;
    delete graph;
    return cudaSuccess;
}

cudaError_t cudaGraphClone(cudaGraph_t *result, cudaGraph_t graph) {
    Call call;
    if (const cudaError_t error = begin(call, result && graph_exists(graph))) return error;
    *result = clone(*graph).release();
    return cudaSuccess;
}

cudaError_t cudaGraphNodeFindInClone(cudaGraphNode_t *result, cudaGraphNode_t original, cudaGraph_t graph) {
    Call call;
    if (const cudaError_t error = begin(call, result && node_exists(original) && graph_exists(graph))) return error;
    for (const auto &node : graph->nodes)
        if (node->original == original->id) return *result = node.get(), cudaSuccess;
    return note(cudaErrorInvalidValue);
}

cudaError_t cudaGraphDestroyNode(cudaGraphNode_t node) {
    Call call;
    if (const cudaError_t error = begin(call, node_exists(node))) return error;
    CUgraph_st &graph = *node->graph;
    for (const auto &other : graph.nodes) {
        Nodes &dependencies = other->dependencies;
        dependencies.erase(std::remove(dependencies.begin(), dependencies.end(), node), dependencies.end());
    }
    forget_node(node);
    return cudaSuccess;
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t *nodes, size_t *count) {
    Call call;
    if (const cudaError_t error = begin(call, graph_exists(graph))) return error;
    Nodes all;
    for (const auto &node : graph->nodes) all.push_back(node.get());
    return answer(all, nodes, count);
}

cudaError_t cudaGraphGetRootNodes(cudaGraph_t graph, cudaGraphNode_t *nodes, size_t *count) {
    Call call;
    if (const cudaError_t error = begin(call, graph_exists(graph))) return error;
    Nodes roots;
    for (const auto &node : graph->nodes)
        if (node->dependencies.empty()) roots.push_back(node.get());
    return answer(roots, nodes, count);
}

cudaError_t cudaGraphGetEdges(cudaGraph_t graph, cudaGraphNode_t *from, cudaGraphNode_t *to, cudaGraphEdgeData *data, size_t *count) {
    Call call;
    if (const cudaError_t error = begin(call, graph_exists(graph) && !from == !to)) return error;
    std::vector<Edge> edges;
    for (const auto &node : graph->nodes)
        for (const cudaGraphNode_t dependency : node->dependencies) edges.push_back({dependency, node.get()});
    return answer(edges, from, to, data, count);
}

cudaError_t cudaGraphNodeGetDependencies(cudaGraphNode_t node, cudaGraphNode_t *nodes, cudaGraphEdgeData *data, size_t *count) {
    Call call;
    if (const cudaError_t error = begin(call, node_exists(node))) return error;
    std::vector<Edge> edges;
    for (const cudaGraphNode_t dependency : node->dependencies) edges.push_back({dependency, node});
    return answer(edges, nodes, nullptr, data, count);
}

cudaError_t cudaGraphNodeGetDependentNodes(cudaGraphNode_t node, cudaGraphNode_t *nodes, cudaGraphEdgeData *data, size_t *count) {
    Call call;
    if (const cudaError_t error = begin(call, node_exists(node))) return error;
    std::vector<Edge> edges;
    for (const auto &other : node->graph->nodes)
        if (depends(other.get(), node)) edges.push_back({other.get(), node});
    return answer(edges, nodes, nullptr, data, count);
}

cudaError_t cudaGraphAddDependencies(cudaGraph_t graph, const cudaGraphNode_t *from, const cudaGraphNode_t *to, const cudaGraphEdgeData *data, size_t count) {
    only_full_edges(data, count);
    return change_edges(graph, from, to, count, true);
}

cudaError_t cudaGraphRemoveDependencies(cudaGraph_t graph, const cudaGraphNode_t *from, const cudaGraphNode_t *to, const cudaGraphEdgeData *data, size_t count) {
    only_full_edges(data, count);
    return change_edges(graph, from, to, count, false);
}

cudaError_t cudaGraphNodeGetType(cudaGraphNode_t node, cudaGraphNodeType *type) {
    Call call;
    if (const cudaError_t error = begin(call, type && node_exists(node))) return error;
    *type = node->action.type;
    return cudaSuccess;
}

cudaError_t cudaGraphNodeGetContainingGraph(cudaGraphNode_t node, cudaGraph_t *graph) {
    Call call;
    if (const cudaError_t error = begin(call, graph && node_exists(node))) return error;
    *graph = node->graph;
    return cudaSuccess;
}

cudaError_t cudaGraphChildGraphNodeGetGraph(cudaGraphNode_t node, cudaGraph_t *graph) {
    Call call;
    if (const cudaError_t error = begin(call, graph && node_exists(node) && node->child)) return error;
    *graph = node->child.get();
    return cudaSuccess;
}
