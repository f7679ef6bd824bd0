// cub::BlockDiscontinuity, cub::BlockAdjacentDifference and cub::BlockHistogram by both algorithms, and cub::BlockRunLengthDecode.
#include <cub/block/block_adjacent_difference.cuh>
#include <cub/block/block_discontinuity.cuh>
#include <cub/block/block_histogram.cuh>
#include <cub/block/block_run_length_decode.cuh>
#include <cstdio>

constexpr int kThreads = 96, kItems = 3, kCount = kThreads * kItems, kBins = 61;

struct Distance {
    __device__ int operator()(int a, int b) const { return a > b ? a - b : b - a; }
};

__global__ void neighbours(const int *in, int *heads, int *tails, int *differences, int before) {
    using Discontinuity = cub::BlockDiscontinuity<int, kThreads>;
    using Difference = cub::BlockAdjacentDifference<int, kThreads>;
    __shared__ union {
        Discontinuity::TempStorage discontinuity;
        Difference::TempStorage difference;
    } scratch;
    int mine[kItems], head[kItems], tail[kItems], difference[kItems];
    for (int i = 0; i < kItems; ++i) mine[i] = in[threadIdx.x * kItems + i];
    Discontinuity(scratch.discontinuity).FlagHeadsAndTails(head, tail, mine, cuda::std::not_equal_to<>{});
    __syncthreads();
    Difference(scratch.difference).SubtractLeft(mine, difference, Distance{}, before);
    for (int i = 0; i < kItems; ++i) {
        heads[threadIdx.x * kItems + i] = head[i];
        tails[threadIdx.x * kItems + i] = tail[i];
        differences[threadIdx.x * kItems + i] = difference[i];
    }
}

template <cub::BlockHistogramAlgorithm algorithm>
__global__ void histogram(const int *in, unsigned *out) {
    using Histogram = cub::BlockHistogram<unsigned char, kThreads, kItems, kBins, algorithm>;
    __shared__ typename Histogram::TempStorage scratch;
    __shared__ unsigned bins[kBins];
    unsigned char mine[kItems];
    for (int i = 0; i < kItems; ++i) mine[i] = static_cast<unsigned char>(in[threadIdx.x * kItems + i]);
    Histogram(scratch).Histogram(mine, bins);
    __syncthreads();
    Histogram(scratch).Composite(mine, bins);   // once more
    __syncthreads();
    if (threadIdx.x < kBins) out[threadIdx.x] = bins[threadIdx.x];
}

__global__ void decode(const int *values, const int *lengths, int *out, int *total) {
    using Decode = cub::BlockRunLengthDecode<int, 32, 2, 4>;
    __shared__ Decode::TempStorage scratch;
    int value[2], length[2], decoded[4];
    unsigned size = 0;
    for (int i = 0; i < 2; ++i) value[i] = values[threadIdx.x * 2 + i], length[i] = lengths[threadIdx.x * 2 + i];
    Decode runs(scratch, value, length, size);
    for (unsigned begin = 0; begin < size; begin += 32 * 4) {
        runs.RunLengthDecode(decoded, begin);
        for (int i = 0; i < 4; ++i)
            if (const unsigned at = begin + threadIdx.x * 4 + i; at < size) out[at] = decoded[i];
    }
    if (threadIdx.x == 0) *total = static_cast<int>(size);
}

int main() {
    int h[kCount], heads[kCount], tails[kCount], differences[kCount], *d, bad = 0;
    for (int i = 0; i < kCount; ++i) h[i] = i * i / 11 % kBins;
    cudaMalloc(&d, 4 * sizeof h);
    cudaMemcpy(d, h, sizeof h, cudaMemcpyHostToDevice);
    neighbours<<<1, kThreads>>>(d, d + kCount, d + 2 * kCount, d + 3 * kCount, 5);
    cudaMemcpy(heads, d + kCount, sizeof h, cudaMemcpyDeviceToHost);
    cudaMemcpy(tails, d + 2 * kCount, sizeof h, cudaMemcpyDeviceToHost);
    cudaMemcpy(differences, d + 3 * kCount, sizeof h, cudaMemcpyDeviceToHost);
    for (int i = 0; i < kCount; ++i) {
        const int before = i ? h[i - 1] : 5;
        bad += heads[i] != (i == 0 || h[i] != h[i - 1]) || tails[i] != (i == kCount - 1 || h[i] != h[i + 1]);
        bad += differences[i] != (h[i] > before ? h[i] - before : before - h[i]);
    }
    unsigned bins[kBins], *counted;
    cudaMalloc(&counted, sizeof bins);
    for (int way = 0; way < 2; ++way) {
        way ? histogram<cub::BLOCK_HISTO_SORT><<<1, kThreads>>>(d, counted) : histogram<cub::BLOCK_HISTO_ATOMIC><<<1, kThreads>>>(d, counted);
        cudaMemcpy(bins, counted, sizeof bins, cudaMemcpyDeviceToHost);
        for (int bin = 0; bin < kBins; ++bin) {
            unsigned count = 0;
            for (const int value : h) count += value == bin;
            bad += bins[bin] != 2 * count;
        }
    }
    int lengths[64], size = 0, total;
    for (int i = 0; i < 64; ++i) lengths[i] = 1 + i * 5 % 7, size += lengths[i];
    cudaMemcpy(d + kCount, lengths, sizeof lengths, cudaMemcpyHostToDevice);
    decode<<<1, 32>>>(d, d + kCount, d + 2 * kCount, d + kCount + 64);
    cudaMemcpy(tails, d + 2 * kCount, sizeof tails, cudaMemcpyDeviceToHost);
    cudaMemcpy(&total, d + kCount + 64, sizeof total, cudaMemcpyDeviceToHost);
    bad += total != size;
    for (int i = 0, at = 0; i < 64; ++i)
        for (int k = 0; k < lengths[i]; ++k) bad += tails[at++] != h[i];
    cudaFree(d), cudaFree(counted);
    std::printf("%s\n", bad ? "wrong" : "ok");
    return bad != 0;
}
