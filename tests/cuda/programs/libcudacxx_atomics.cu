// cuda::atomic and cuda::atomic_ref in every scope: counters, a maximum, a lock-free stack of indices, a hand-over between
// blocks by release and acquire, floating-point sums, and waiting.
#include <cuda/atomic>
#include <cuda/std/limits>
#include <cstdio>
#include <vector>

struct Shared {
    cuda::atomic<int, cuda::thread_scope_device> counter;
    cuda::atomic<unsigned long long, cuda::thread_scope_device> sum;
    cuda::atomic<int, cuda::thread_scope_device> top;
    cuda::atomic<unsigned, cuda::thread_scope_device> flags;
};

__global__ void count(Shared *shared, float *total, int *largest, const int *values, int n) {
    __shared__ int in_block;
    if (threadIdx.x == 0) in_block = 0;
    __syncthreads();
    cuda::atomic_ref<int, cuda::thread_scope_block> block(in_block);
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        block.fetch_add(1, cuda::memory_order_relaxed);
        shared->sum.fetch_add(values[i], cuda::memory_order_relaxed);
        shared->flags.fetch_or(1u << values[i] % 32);
        cuda::atomic_ref<int, cuda::thread_scope_device>(*largest).fetch_max(values[i]);
        cuda::atomic_ref<float>(*total).fetch_add(0.5f);
    }
    __syncthreads();
    if (threadIdx.x == 0) shared->counter += block.load();
}

// A stack by compare-and-swap; nobody pops, so no index comes back.
__global__ void push(Shared *shared, int *next, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    int seen = shared->top.load(cuda::std::memory_order_relaxed);
    do {
        next[i] = seen;
    } while (!shared->top.compare_exchange_weak(seen, i, cuda::memory_order_release, cuda::memory_order_relaxed));
}

// The last block adds up what the others left.
__global__ void sum_by_last(const int *values, int n, int *partial, cuda::atomic<unsigned, cuda::thread_scope_device> *done, int *result) {
    __shared__ bool last;
    __shared__ int sum;
    if (threadIdx.x == 0) sum = 0;
    __syncthreads();
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) atomicAdd(&sum, values[i]);
    __syncthreads();
    if (threadIdx.x == 0) {
        partial[blockIdx.x] = sum;
        last = done->fetch_add(1, cuda::memory_order_acq_rel) == gridDim.x - 1;
    }
    __syncthreads();
    if (last && threadIdx.x == 0) {
        int all = 0;
        for (unsigned block = 0; block < gridDim.x; ++block) all += partial[block];
        *result = all;
    }
}

// Thread 0 hands values to the rest of its block, one after another.
__global__ void hand_over(int *out) {
    __shared__ int message;
    __shared__ cuda::atomic<int, cuda::thread_scope_block> turn;
    if (threadIdx.x == 0) turn.store(0, cuda::memory_order_relaxed);
    __syncthreads();
    if (threadIdx.x == 0) {
        message = 41;
        cuda::atomic_thread_fence(cuda::memory_order_release, cuda::thread_scope_block);
        turn.store(1, cuda::memory_order_relaxed);
        turn.notify_all();
    } else {
        turn.wait(0, cuda::memory_order_acquire);
        out[threadIdx.x] = message + threadIdx.x;
    }
}

int main() {
    int bad = 0;
    for (int n : {1, 31, 257, 1009}) {
        std::vector<int> h(n), next(n);
        long long sum = 0;
        int largest = 0;
        unsigned flags = 0;
        for (int i = 0; i < n; ++i) h[i] = i * 7919 % 1013, sum += h[i], largest = h[i] > largest ? h[i] : largest, flags |= 1u << h[i] % 32;
        int *values, *list, *extra;
        Shared *shared;
        cuda::atomic<unsigned, cuda::thread_scope_device> *done;
        cudaMalloc(&values, n * sizeof(int)), cudaMalloc(&list, n * sizeof(int)), cudaMalloc(&extra, 64 * sizeof(int));
        cudaMalloc(&shared, sizeof(Shared)), cudaMalloc(&done, sizeof *done);
        cudaMemcpy(values, h.data(), n * sizeof(int), cudaMemcpyHostToDevice);
        cudaMemset(shared, 0, sizeof(Shared)), cudaMemset(extra, 0, 64 * sizeof(int)), cudaMemset(done, 0, sizeof *done);
        const int top = -1, blocks = (n + 63) / 64;
        cudaMemcpy(&shared->top, &top, sizeof top, cudaMemcpyHostToDevice);
        count<<<blocks, 64>>>(shared, reinterpret_cast<float *>(extra), extra + 1, values, n);
        push<<<blocks, 64>>>(shared, list, n);
        sum_by_last<<<blocks, 64>>>(values, n, extra + 8, done, extra + 2);
        struct { int counter; unsigned long long sum; int top; unsigned flags; } got;
        static_assert(sizeof got == sizeof(Shared));
        float total;
        int two[2];
        cudaMemcpy(&got, shared, sizeof got, cudaMemcpyDeviceToHost);
        cudaMemcpy(&total, extra, sizeof total, cudaMemcpyDeviceToHost);
        cudaMemcpy(two, extra + 1, sizeof two, cudaMemcpyDeviceToHost);
        cudaMemcpy(next.data(), list, n * sizeof(int), cudaMemcpyDeviceToHost);
        std::vector<bool> seen(n, false);
        int length = 0;
        for (int i = got.top; i >= 0 && length <= n; i = next[i]) seen[i] = true, ++length;
        for (bool one : seen) bad += !one;
        bad += length != n;
        bad += got.counter != n || got.sum != static_cast<unsigned long long>(sum) || got.flags != flags || total != n * 0.5f || two[0] != largest || two[1] != sum;
        cudaFree(values), cudaFree(list), cudaFree(extra), cudaFree(shared), cudaFree(done);
    }
    int *out, h[96];
    cudaMalloc(&out, sizeof h);
    hand_over<<<1, 96>>>(out);
    cudaMemcpy(h, out, sizeof h, cudaMemcpyDeviceToHost);
    for (int i = 1; i < 96; ++i) bad += h[i] != 41 + i;
    cudaFree(out);
    std::printf("%s\n", bad ? "wrong" : "ok");
    return bad != 0;
}
