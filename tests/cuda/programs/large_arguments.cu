// Arguments by value: structures with arrays and constructors, references to none, unused ones, defaults, many of them.
#include <cstdio>
#include <cstdlib>

#define CHECK(call)                                                                                  \
    do {                                                                                             \
        cudaError_t status = (call);                                                                 \
        if (status != cudaSuccess) {                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status));         \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

struct Matrix {
    float m[4][4];
    __host__ __device__ float *operator[](int i) { return m[i]; }
    __host__ __device__ const float *operator[](int i) const { return m[i]; }
};

struct Big {
    int values[500];
};

template <typename T>
class View {
    T *data_;
    int size_;

  public:
    __host__ __device__ View(T *data, int size) : data_(data), size_(size) {}
    __device__ T &operator()(int i) { return data_[i]; }
    __host__ __device__ int size() const { return size_; }
};

__global__ void transform(View<float4> v, const Matrix m, float w = 1.0f) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= v.size()) return;
    float4 p = v(i), r;
    r.x = m[0][0] * p.x + m[0][1] * p.y + m[0][2] * p.z + m[0][3] * w;
    r.y = m[1][0] * p.x + m[1][1] * p.y + m[1][2] * p.z + m[1][3] * w;
    r.z = m[2][0] * p.x + m[2][1] * p.y + m[2][2] * p.z + m[2][3] * w;
    r.w = w;
    v(i) = r;
}

__global__ void sums(Big big, long long *out, bool flag, char c, short s, unsigned char u, double d, float f, int (*unused)[4]) {
    int i = threadIdx.x;
    big.values[i] += 1;   // a thread's own copy
    long long sum = 0;
    for (int k = 0; k < 500; ++k) sum += big.values[k];
    out[i] = sum + flag + c + s + u + (long long)d + (long long)f;
}

int main() {
    const int n = 100;
    float4 h[n], *d;
    for (int i = 0; i < n; ++i) h[i] = make_float4(i, 2 * i, 3 * i, 0);
    Matrix m = {{{1, 0, 0, 5}, {0, 2, 0, 6}, {0, 0, 3, 7}, {0, 0, 0, 1}}};
    CHECK(cudaMalloc(&d, sizeof h));
    CHECK(cudaMemcpy(d, h, sizeof h, cudaMemcpyHostToDevice));
    transform<<<4, 32>>>(View<float4>(d, n), m);
    transform<<<4, 32>>>({d, n}, m, 0.0f);
    CHECK(cudaMemcpy(h, d, sizeof h, cudaMemcpyDeviceToHost));
    for (int i = 0; i < n; ++i)
        if (h[i].x != i + 5 || h[i].y != 8 * i + 12 || h[i].z != 27 * i + 21 || h[i].w != 0) return 1;
    Big big;
    for (int k = 0; k < 500; ++k) big.values[k] = k;
    long long *out, r[64];
    CHECK(cudaMalloc(&out, sizeof r));
    sums<<<1, 64>>>(big, out, true, 'a', -3, 200, 1e10, 2.5f, nullptr);
    CHECK(cudaMemcpy(r, out, sizeof r, cudaMemcpyDeviceToHost));
    for (auto v : r)
        if (v != 499 * 250 + 1 + 1 + 97 - 3 + 200 + 10000000000ll + 2) return 2;
    return 0;
}
