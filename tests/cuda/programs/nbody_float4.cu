// Gravitation of all bodies on all, tile by tile, with float4 positions and rsqrtf.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#define CHECK(call)                                                                                  \
    do {                                                                                             \
        cudaError_t status = (call);                                                                 \
        if (status != cudaSuccess) {                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status));         \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

#define SOFTENING 1e-4f
#define BLOCK 64

__device__ float3 bodyBodyInteraction(float4 bi, float4 bj, float3 ai) {
    float3 r = make_float3(bj.x - bi.x, bj.y - bi.y, bj.z - bi.z);
    float distSqr = r.x * r.x + r.y * r.y + r.z * r.z + SOFTENING;
    float invDist = rsqrtf(distSqr);
    float s = bj.w * invDist * invDist * invDist;
    ai.x += r.x * s;
    ai.y += r.y * s;
    ai.z += r.z * s;
    return ai;
}

__global__ void calculateForces(const float4 *positions, float4 *accelerations, int n) {
    extern __shared__ float4 shPosition[];
    float3 acc = {0.0f, 0.0f, 0.0f};
    int gtid = blockIdx.x * blockDim.x + threadIdx.x;
    float4 my = positions[gtid];
    for (int i = 0, tile = 0; i < n; i += blockDim.x, tile++) {
        shPosition[threadIdx.x] = positions[tile * blockDim.x + threadIdx.x];
        __syncthreads();
#pragma unroll 4
        for (int j = 0; j < blockDim.x; j++) acc = bodyBodyInteraction(my, shPosition[j], acc);
        __syncthreads();
    }
    accelerations[gtid] = make_float4(acc.x, acc.y, acc.z, 0.0f);
}

int main() {
    const int n = 256;
    std::vector<float4> p(n), a(n);
    for (int i = 0; i < n; ++i) p[i] = make_float4(sinf(i), cosf(i * 1.3f), sinf(i * 0.7f), 1.0f + i % 3);
    float4 *dp, *da;
    CHECK(cudaMalloc(&dp, n * sizeof(float4)));
    CHECK(cudaMalloc(&da, n * sizeof(float4)));
    CHECK(cudaMemcpy(dp, p.data(), n * sizeof(float4), cudaMemcpyHostToDevice));
    calculateForces<<<n / BLOCK, BLOCK, BLOCK * sizeof(float4)>>>(dp, da, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(a.data(), da, n * sizeof(float4), cudaMemcpyDeviceToHost));
    for (int i = 0; i < n; ++i) {
        double ax = 0;
        for (int j = 0; j < n; ++j) {
            double dx = p[j].x - p[i].x, dy = p[j].y - p[i].y, dz = p[j].z - p[i].z, d = dx * dx + dy * dy + dz * dz + SOFTENING;
            ax += dx * p[j].w / (d * sqrt(d));
        }
        if (fabs(ax - a[i].x) > 1e-3 * (1 + fabs(ax))) return 1;
    }
    cudaFree(dp);
    cudaFree(da);
    return 0;
}
