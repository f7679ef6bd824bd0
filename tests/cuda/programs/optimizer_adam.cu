// Adam steps with a structure of pointers as the argument, and a norm for clipping by doubles.
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

struct AdamState {
    float *param, *grad, *m, *v;
    float lr, beta1, beta2, eps;
};

__global__ void gradNorm(const float *grad, int n, double *out) {
    __shared__ double s[128];
    double sum = 0;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) sum += (double)grad[i] * grad[i];
    s[threadIdx.x] = sum;
    __syncthreads();
    for (int k = blockDim.x / 2; k; k /= 2) {
        if (threadIdx.x < k) s[threadIdx.x] += s[threadIdx.x + k];
        __syncthreads();
    }
    if (threadIdx.x == 0) atomicAdd(out, s[0]);
}

__global__ void adam(const __grid_constant__ AdamState st, int n, int t, const double *norm) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float clip = fminf(1.0f, 1.0f / (float)(sqrt(*norm) + 1e-6));
    float g = st.grad[i] * clip;
    float m = st.m[i] = st.beta1 * st.m[i] + (1 - st.beta1) * g;
    float v = st.v[i] = st.beta2 * st.v[i] + (1 - st.beta2) * g * g;
    float mHat = m / (1 - powf(st.beta1, t)), vHat = v / (1 - powf(st.beta2, t));
    st.param[i] -= st.lr * mHat / (sqrtf(vHat) + st.eps);
}

int main() {
    const int n = 1000, steps = 5;
    std::vector<float> p(n, 1.0f), g(n), got(n);
    for (int i = 0; i < n; ++i) g[i] = sinf(i);
    AdamState st{nullptr, nullptr, nullptr, nullptr, 0.01f, 0.9f, 0.999f, 1e-8f};
    double *norm;
    for (float **q : {&st.param, &st.grad, &st.m, &st.v}) {
        CHECK(cudaMalloc(q, n * sizeof(float)));
        CHECK(cudaMemset(*q, 0, n * sizeof(float)));
    }
    CHECK(cudaMalloc(&norm, sizeof(double)));
    CHECK(cudaMemcpy(st.param, p.data(), n * 4, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(st.grad, g.data(), n * 4, cudaMemcpyHostToDevice));
    for (int t = 1; t <= steps; ++t) {
        CHECK(cudaMemset(norm, 0, sizeof(double)));
        gradNorm<<<4, 128>>>(st.grad, n, norm);
        adam<<<(n + 255) / 256, 256>>>(st, n, t, norm);
    }
    CHECK(cudaMemcpy(got.data(), st.param, n * 4, cudaMemcpyDeviceToHost));
    double total = 0;
    for (float v : g) total += (double)v * v;
    double clip = fmin(1.0, 1 / (sqrt(total) + 1e-6));
    for (int i = 0; i < n; ++i) {
        double m = 0, v = 0, w = 1;
        for (int t = 1; t <= steps; ++t) {
            m = 0.9 * m + 0.1 * g[i] * clip, v = 0.999 * v + 0.001 * g[i] * clip * g[i] * clip;
            w -= 0.01 * (m / (1 - pow(0.9, t))) / (sqrt(v / (1 - pow(0.999, t))) + 1e-8);
        }
        if (fabs(w - got[i]) > 1e-3) return 1;
    }
    return 0;
}
