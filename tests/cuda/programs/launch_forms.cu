// Launches in every form that the language knows.
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

#define GRID_STRIDE(i, n) for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < (n); i += gridDim.x * blockDim.x)
#define LAUNCH(kernel, n, ...) kernel<<<((n) + 63) / 64, 64>>>(__VA_ARGS__, n)

namespace ops {
namespace detail {
template <typename T, int Factor = 2>
__global__ void scale(T *x, int n) {
    GRID_STRIDE(i, n) x[i] *= Factor;
}
}  // namespace detail
static __global__ void shift(int *x, int by, int n) {
    GRID_STRIDE(i, n) x[i] += by;
}
}  // namespace ops

template <class F, class... Args>
__global__ void apply(F f, int *x, int n, Args... args) {
    GRID_STRIDE(i, n) x[i] = f(x[i], args...);
}

struct Multiply {
    int by;
    __host__ __device__ int operator()(int v, int plus) const { return v * by + plus; }
};

extern "C" __global__ void plainC(int *x, int n) {
    GRID_STRIDE(i, n) x[i] -= 1;
}

__global__ void unnamed(int *x, int, float, int n) {
    GRID_STRIDE(i, n) x[i] ^= 1;
}

__global__ void overloaded(int *x, int n) {
    GRID_STRIDE(i, n) x[i] += 1000;
}
__global__ void overloaded(int *x, float by, int n) {
    GRID_STRIDE(i, n) x[i] += (int)by;
}

class Runner {
  public:
    explicit Runner(int *data, int n) : data_(data), n_(n) {}
    template <typename T>
    void run() {
        ops::detail::scale<T><<<dim3((n_ + 31) / 32, 1, 1), dim3(32)>>>(data_, n_);
        ops::detail::scale<T, (3 > 2) ? 3 : 1><<<4, 32>>>(this->data_, this->n_);
    }
    void (*pick(bool up))(int *, int, int) { return up ? ops::shift : nullptr; }

  private:
    int *data_;
    int n_;
};

typedef void (*Kernel)(int *, int);

int main() {
    const int n = 1000;
    std::vector<int> h(n), want(n);
    int *d;
    CHECK(cudaMalloc(&d, n * sizeof(int)));
    for (int i = 0; i < n; ++i) want[i] = h[i] = i;
    CHECK(cudaMemcpy(d, h.data(), n * sizeof(int), cudaMemcpyHostToDevice));

    Runner runner(d, n);
    runner.run<int>();                                     // *6
    LAUNCH(ops::shift, n, d, 5);                           // +5
    apply<<<3, 96>>>(Multiply{2}, d, n, 7);                // *2+7
    apply<Multiply, int><<<3, 96, 0>>>({3}, d, n, 1);      // *3+1
    Kernel table[] = {plainC, ops::detail::scale<int>};
    for (auto kernel : table) kernel<<<2, 128, 0, 0>>>(d, n);   // -1, *2
    (*table[0])<<<2, 128>>>(d, n);                         // -1
    runner.pick(true)<<<1, 1024>>>(d, 4, n);               // +4
    overloaded<<<2, 2>>>(d, n);                            // +1000
    overloaded<<<2, 2>>>(d, 3.0f, n);                      // +3
    if (n > 10) unnamed<<<n > 100 ? 2 : 1, 64>>>(d, 0, 0, n);   // ^1
    else plainC<<<1, 1>>>(d, n);
    const auto again = [&](int by) { ops::shift<<<1, 32>>>(d, by, n); };
    again(2);
    void *args[] = {&d, (void *)&n};
    CHECK(cudaLaunchKernel((const void *)plainC, dim3(2), dim3(64), args, 0, 0));   // -1
    int by = 9;
    void *shiftArgs[] = {&d, &by, (void *)&n};
    CHECK(cudaLaunchKernel(ops::shift, 2, 64, shiftArgs));   // +9
    CHECK(cudaGetLastError());
    CHECK(cudaDeviceSynchronize());

    CHECK(cudaMemcpy(h.data(), d, n * sizeof(int), cudaMemcpyDeviceToHost));
    for (int i = 0; i < n; ++i) {
        int v = i * 6 + 5;
        v = v * 2 + 7;
        v = v * 3 + 1;
        v = (v - 1) * 2 - 1 + 4 + 1003;
        v = (v ^ 1) + 2 - 1 + 9;
        if (h[i] != v) {
            printf("%d: %d, not %d\n", i, h[i], v);
            return 1;
        }
    }
    cudaFree(d);
    return 0;
}
