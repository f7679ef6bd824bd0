// Attention in tiles with a running softmax: three tiles in dynamic shared memory.
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

template <int Br, int Bc, int D>
__global__ void attention(const float *Q, const float *K, const float *V, float *O, int N, float scale) {
    extern __shared__ float sram[];
    float *Qs = sram, *Ks = Qs + Br * D, *Vs = Ks + Bc * D;
    const int tx = threadIdx.x, head = blockIdx.y, row = blockIdx.x * Br + tx;
    const size_t base = (size_t)head * N * D;
    float acc[D] = {}, m = -INFINITY, l = 0;
    for (int d = 0; d < D; ++d) Qs[tx * D + d] = row < N ? Q[base + row * D + d] : 0;
    for (int j = 0; j < N; j += Bc) {
        for (int i = tx; i < Bc * D; i += Br) {
            bool in = j + i / D < N;
            Ks[i] = in ? K[base + j * D + i] : 0;
            Vs[i] = in ? V[base + j * D + i] : 0;
        }
        __syncthreads();
        const int limit = min(Bc, N - j);
        for (int c = 0; c < limit; ++c) {
            float s = 0;
#pragma unroll
            for (int d = 0; d < D; ++d) s += Qs[tx * D + d] * Ks[c * D + d];
            s *= scale;
            float mNew = fmaxf(m, s), correction = __expf(m - mNew), p = __expf(s - mNew);
            l = l * correction + p;
            for (int d = 0; d < D; ++d) acc[d] = acc[d] * correction + p * Vs[c * D + d];
            m = mNew;
        }
        __syncthreads();
    }
    if (row < N)
        for (int d = 0; d < D; ++d) O[base + row * D + d] = acc[d] / l;
}

int main() {
    const int N = 75, D = 16, heads = 2, Br = 32, Bc = 16;
    std::vector<float> q(heads * N * D), k(q.size()), v(q.size()), o(q.size());
    for (size_t i = 0; i < q.size(); ++i) q[i] = sinf(i * 0.1f), k[i] = cosf(i * 0.07f), v[i] = sinf(i * 0.03f + 1);
    float *d[4];
    for (auto &p : d) CHECK(cudaMalloc(&p, q.size() * 4));
    CHECK(cudaMemcpy(d[0], q.data(), q.size() * 4, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(d[1], k.data(), q.size() * 4, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(d[2], v.data(), q.size() * 4, cudaMemcpyHostToDevice));
    const size_t shared = (Br * D + 2 * Bc * D) * sizeof(float);
    attention<Br, Bc, D><<<dim3((N + Br - 1) / Br, heads), Br, shared>>>(d[0], d[1], d[2], d[3], N, 1 / sqrtf(D));
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(o.data(), d[3], q.size() * 4, cudaMemcpyDeviceToHost));
    for (int h = 0; h < heads; ++h)
        for (int i = 0; i < N; ++i) {
            std::vector<double> s(N);
            double total = 0, want = 0;
            for (int j = 0; j < N; ++j) {
                double dot = 0;
                for (int c = 0; c < D; ++c) dot += q[(h * N + i) * D + c] * k[(h * N + j) * D + c];
                total += s[j] = exp(dot / sqrt((double)D));
            }
            for (int j = 0; j < N; ++j) want += s[j] / total * v[(h * N + j) * D + 3];
            if (fabs(want - o[(h * N + i) * D + 3]) > 1e-4) return 1;
        }
    for (auto p : d) cudaFree(p);
    return 0;
}
