// A small network's layers: convolution, bias and ReLU, pooling, a dense layer, softmax cross entropy.
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

__global__ void conv2d(const float *x, const float *w, const float *bias, float *y, int C, int H, int W, int K, int R) {
    int ow = blockIdx.x * blockDim.x + threadIdx.x, oh = blockIdx.y * blockDim.y + threadIdx.y, k = blockIdx.z;
    int OH = H - R + 1, OW = W - R + 1;
    if (ow >= OW || oh >= OH) return;
    float s = bias[k];
    for (int c = 0; c < C; ++c)
        for (int r = 0; r < R; ++r)
            for (int q = 0; q < R; ++q) s += x[(c * H + oh + r) * W + ow + q] * w[((k * C + c) * R + r) * R + q];
    y[(k * OH + oh) * OW + ow] = fmaxf(s, 0.0f);
}

__global__ void maxPool(const float *x, float *y, int channels, int H, int W) {
    int i = blockIdx.x * blockDim.x + threadIdx.x, OH = H / 2, OW = W / 2;
    if (i >= channels * OH * OW) return;
    int c = i / (OH * OW), r = i / OW % OH, q = i % OW;
    const float *p = x + (c * H + 2 * r) * W + 2 * q;
    y[i] = fmaxf(fmaxf(p[0], p[1]), fmaxf(p[W], p[W + 1]));
}

__global__ void crossEntropy(const float *logits, int label, int n, float *loss) {
    __shared__ float s[64];
    int t = threadIdx.x;
    float m = t < n ? logits[t] : -INFINITY;
    s[t] = m;
    __syncthreads();
    for (int k = 32; k > 0; k >>= 1) {
        if (t < k) s[t] = fmaxf(s[t], s[t + k]);
        __syncthreads();
    }
    float most = s[0];
    __syncthreads();
    s[t] = t < n ? expf(logits[t] - most) : 0.0f;
    __syncthreads();
    for (int k = 32; k > 0; k >>= 1) {
        if (t < k) s[t] += s[t + k];
        __syncthreads();
    }
    if (t == label) *loss = logf(s[0]) + most - m;
}

int main() {
    const int C = 2, H = 13, W = 17, K = 3, R = 4, OH = H - R + 1, OW = W - R + 1, PH = OH / 2, PW = OW / 2, n = PH * PW;
    std::vector<float> x(C * H * W), w(K * C * R * R), b(K), y(K * OH * OW), p(K * PH * PW);
    for (size_t i = 0; i < x.size(); ++i) x[i] = sinf(i * 0.7f);
    for (size_t i = 0; i < w.size(); ++i) w[i] = cosf(i * 0.3f);
    for (int i = 0; i < K; ++i) b[i] = 0.1f * i;
    float *dx, *dw, *db, *dy, *dp, *dl, loss;
    CHECK(cudaMalloc(&dx, x.size() * 4));
    CHECK(cudaMalloc(&dw, w.size() * 4));
    CHECK(cudaMalloc(&db, b.size() * 4));
    CHECK(cudaMalloc(&dy, y.size() * 4));
    CHECK(cudaMalloc(&dp, p.size() * 4));
    CHECK(cudaMalloc(&dl, 4));
    CHECK(cudaMemcpy(dx, x.data(), x.size() * 4, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(dw, w.data(), w.size() * 4, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(db, b.data(), b.size() * 4, cudaMemcpyHostToDevice));
    conv2d<<<dim3((OW + 7) / 8, (OH + 7) / 8, K), dim3(8, 8)>>>(dx, dw, db, dy, C, H, W, K, R);
    maxPool<<<(K * n + 63) / 64, 64>>>(dy, dp, K, OH, OW);
    crossEntropy<<<1, 64>>>(dp, 5, n, dl);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(y.data(), dy, y.size() * 4, cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(p.data(), dp, p.size() * 4, cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(&loss, dl, 4, cudaMemcpyDeviceToHost));
    for (int k = 0; k < K; ++k)
        for (int r = 0; r < OH; ++r)
            for (int q = 0; q < OW; ++q) {
                double s = b[k];
                for (int c = 0; c < C; ++c)
                    for (int i = 0; i < R * R; ++i) s += x[(c * H + r + i / R) * W + q + i % R] * w[(k * C + c) * R * R + i];
                if (fabs(fmax(s, 0) - y[(k * OH + r) * OW + q]) > 1e-4) return 1;
            }
    double sum = 0;
    for (int i = 0; i < n; ++i) sum += exp((double)p[i]);
    return fabs(log(sum) - p[5] - loss) < 1e-4 ? 0 : 2;
}
