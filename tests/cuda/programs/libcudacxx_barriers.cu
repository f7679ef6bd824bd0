// cuda::barrier, cuda::pipeline, cuda::memcpy_async, cuda::latch and cuda::counting_semaphore in blocks: phases with arrive and
// wait apart, barriers of a part of a block, producers and consumers, double buffering.
#include <cooperative_groups.h>
#include <cuda/barrier>
#include <cuda/latch>
#include <cuda/pipeline>
#include <cuda/semaphore>
#include <cstdio>
#include <vector>

namespace cg = cooperative_groups;
using Barrier = cuda::barrier<cuda::thread_scope_block>;
constexpr int kThreads = 96, kTile = 128;

// A ring of neighbours, a phase for each step.
__global__ void rotate(int *values, int steps) {
    __shared__ int ring[kThreads];
#pragma nv_diag_suppress static_var_with_dynamic_init
    __shared__ Barrier written, read;
    if (threadIdx.x == 0) init(&written, blockDim.x), init(&read, blockDim.x);
    __syncthreads();
    int mine = values[threadIdx.x];
    for (int step = 0; step < steps; ++step) {
        ring[threadIdx.x] = mine;
        written.arrive_and_wait();
        mine = ring[(threadIdx.x + 1) % kThreads];
        Barrier::arrival_token token = read.arrive();
        mine += 1;
        read.wait(std::move(token));
    }
    values[threadIdx.x] = mine;
}

// The first warp fills buffers, the others add up what is in them.
__global__ void produce_and_consume(const int *in, int tiles, int *sums) {
    __shared__ int buffer[2][kTile];
    __shared__ Barrier filled[2], empty[2];
    if (threadIdx.x < 2) init(&filled[threadIdx.x], blockDim.x), init(&empty[threadIdx.x], blockDim.x);
    __syncthreads();
    if (threadIdx.x < 32) {
        for (int tile = 0; tile < tiles; ++tile) {
            empty[tile % 2].arrive_and_wait();
            for (int i = threadIdx.x; i < kTile; i += 32) buffer[tile % 2][i] = in[tile * kTile + i];
            (void)filled[tile % 2].arrive();
        }
    } else {
        (void)empty[0].arrive();
        (void)empty[1].arrive();
        int sum = 0;
        for (int tile = 0; tile < tiles; ++tile) {
            filled[tile % 2].arrive_and_wait();
            for (int i = threadIdx.x - 32; i < kTile; i += 64) sum += buffer[tile % 2][i];
            (void)empty[tile % 2].arrive();
        }
        sums[threadIdx.x - 32] = sum;
    }
}

// Copies that a barrier awaits.
__global__ void copy_by_barrier(const int *in, int *out, int n) {
    __shared__ alignas(16) int tile[kTile];
    __shared__ Barrier barrier;
    const auto block = cg::this_thread_block();
    if (block.thread_rank() == 0) init(&barrier, block.size());
    block.sync();
    for (int begin = 0; begin < n; begin += kTile) {
        const int size = n - begin < kTile ? n - begin : kTile;
        cuda::memcpy_async(block, tile, in + begin, sizeof(int) * size, barrier);
        barrier.arrive_and_wait();
        for (int i = block.thread_rank(); i < size; i += block.size()) out[begin + i] = tile[size - 1 - i];
        block.sync();
    }
}

// The same by a pipeline of two stages.
__global__ void copy_by_pipeline(const int *in, int *out, int n) {
    constexpr int stages = 2;
    __shared__ alignas(16) int tiles[stages][kTile];
    __shared__ cuda::pipeline_shared_state<cuda::thread_scope_block, stages> state;
    const auto block = cg::this_thread_block();
    auto pipeline = cuda::make_pipeline(block, &state);
    const int count = (n + kTile - 1) / kTile;
    const auto size = [=](int tile) { return n - tile * kTile < kTile ? n - tile * kTile : kTile; };
    for (int tile = 0, next = 0; tile < count; ++tile) {
        for (; next < count && next < tile + stages; ++next) {
            pipeline.producer_acquire();
            cuda::memcpy_async(block, tiles[next % stages], in + next * kTile, sizeof(int) * size(next), pipeline);
            pipeline.producer_commit();
        }
        pipeline.consumer_wait();
        for (int i = block.thread_rank(); i < size(tile); i += block.size()) out[tile * kTile + i] = tiles[tile % stages][size(tile) - 1 - i];
        pipeline.consumer_release();
    }
}

// Each thread for itself.
__global__ void copy_by_thread(const int *in, int *out, int n) {
    __shared__ int values[kThreads];
    auto pipeline = cuda::make_pipeline();
    for (int i = threadIdx.x; i < n; i += blockDim.x) {
        pipeline.producer_acquire();
        cuda::memcpy_async(&values[threadIdx.x], in + i, sizeof(int), pipeline);
        pipeline.producer_commit();
        pipeline.consumer_wait();
        out[i] = values[threadIdx.x] * 2;
        pipeline.consumer_release();
    }
}

// A latch lets all go once every thread has written; at most two at a time hold the semaphore.
__global__ void latch_and_semaphore(int *out, int *most) {
    __shared__ int values[kThreads], inside, peak;
    using Latch = cuda::latch<cuda::thread_scope_block>;
    using Semaphore = cuda::counting_semaphore<cuda::thread_scope_block>;
    __shared__ alignas(Latch) unsigned char latch_room[sizeof(Latch)];
    __shared__ alignas(Semaphore) unsigned char places_room[sizeof(Semaphore)];
    Latch &latch = reinterpret_cast<Latch &>(latch_room);
    Semaphore &places = reinterpret_cast<Semaphore &>(places_room);
    if (threadIdx.x == 0) {
        new (&latch) Latch(kThreads);
        new (&places) Semaphore(2);
        inside = peak = 0;
    }
    __syncthreads();
    values[threadIdx.x] = threadIdx.x * 3;
    latch.arrive_and_wait();
    out[threadIdx.x] = values[kThreads - 1 - threadIdx.x];
    places.acquire();
    atomicMax(&peak, atomicAdd(&inside, 1) + 1);
    atomicSub(&inside, 1);
    places.release();
    __syncthreads();
    if (threadIdx.x == 0) *most = peak;
}

int main() {
    constexpr int n = 7 * kTile;
    int h[n], *in, *out, bad = 0;
    cudaMalloc(&in, sizeof h), cudaMalloc(&out, sizeof h);
    for (int i = 0; i < n; ++i) h[i] = i * 31 % 257;
    cudaMemcpy(in, h, sizeof h, cudaMemcpyHostToDevice);
    std::vector<int> got(n);
    const auto fetch = [&](const int *from, int size) { cudaMemcpy(got.data(), from, size * sizeof(int), cudaMemcpyDeviceToHost); };

    produce_and_consume<<<1, kThreads>>>(in, 7, out);
    fetch(out, 64);
    for (int t = 0; t < 64; ++t) {
        int sum = 0;
        for (int i = t; i < n; i += 64) sum += h[i];
        bad += got[t] != sum;
    }
    for (int size : {1, 127, 128, 129, 500, n}) {
        const auto check = [&](const char *what) {
            fetch(out, size);
            int wrong = 0;
            for (int i = 0; i < size; ++i) {
                const int begin = i / kTile * kTile, length = size - begin < kTile ? size - begin : kTile;
                wrong += got[i] != h[begin + length - 1 - (i - begin)];
            }
            if (wrong) std::printf("%s %d: %d wrong\n", what, size, wrong);
            bad += wrong;
            cudaMemset(out, 0, sizeof h);
        };
        copy_by_barrier<<<1, kThreads>>>(in, out, size);
        check("barrier");
        copy_by_pipeline<<<1, kThreads>>>(in, out, size);
        check("pipeline");
        copy_by_thread<<<1, kThreads>>>(in, out, size);
        fetch(out, size);
        for (int i = 0; i < size; ++i) bad += got[i] != 2 * h[i];
    }
    latch_and_semaphore<<<1, kThreads>>>(out, out + kThreads);
    fetch(out, kThreads + 1);
    for (int i = 0; i < kThreads; ++i) bad += got[i] != (kThreads - 1 - i) * 3;
    bad += got[kThreads] < 1 || got[kThreads] > 2;
    rotate<<<1, kThreads>>>(in, 5);
    fetch(in, kThreads);
    for (int i = 0; i < kThreads; ++i) bad += got[i] != h[(i + 5) % kThreads] + 5;
    cudaFree(in), cudaFree(out);
    std::printf("%s\n", bad ? "wrong" : "ok");
    return bad != 0;
}
