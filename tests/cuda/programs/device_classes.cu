// Device code with classes: virtual functions, new and delete, recursion, function pointers, operators.
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

class Shape {
  public:
    __device__ virtual ~Shape() {}
    __device__ virtual float area() const = 0;
};
class Square : public Shape {
    float side_;

  public:
    __device__ explicit Square(float side) : side_(side) {}
    __device__ float area() const override { return side_ * side_; }
};
class Circle : public Shape {
    float radius_;

  public:
    __device__ explicit Circle(float radius) : radius_(radius) {}
    __device__ float area() const override { return 3.0f * radius_ * radius_; }
};

__global__ void makeShapes(Shape **shapes, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) shapes[i] = i % 2 ? static_cast<Shape *>(new Square(i)) : new Circle(i);
}
__global__ void areas(Shape **shapes, float *out, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = shapes[i]->area();
}
__global__ void destroy(Shape **shapes, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) delete shapes[i];
}

struct vec2 {
    float x, y;
    __host__ __device__ vec2 operator+(const vec2 &o) const { return {x + o.x, y + o.y}; }
    __host__ __device__ vec2 &operator*=(float s) { x *= s, y *= s; return *this; }
};

__device__ int fibonacci(int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

typedef int (*Op)(int, int);
__device__ int addOp(int a, int b) { return a + b; }
__device__ int mulOp(int a, int b) { return a * b; }
__device__ Op table[2] = {addOp, mulOp};

__global__ void misc(int *out, vec2 v) {
    int i = threadIdx.x;
    vec2 w = v + vec2{1, 1};
    w *= 2;
    int *scratch = (int *)malloc(10 * sizeof(int));
    for (int k = 0; k < 10; ++k) scratch[k] = k * i;
    int sum = 0;
    for (int k = 0; k < 10; ++k) sum += scratch[k];
    free(scratch);
    Op op = table[i % 2];
    out[i] = op(fibonacci(i % 10), 3) + sum + (int)w.x;
}

int main() {
    const int n = 100;
    Shape **shapes;
    float *out, h[n];
    CHECK(cudaMalloc(&shapes, n * sizeof(Shape *)));
    CHECK(cudaMalloc(&out, n * sizeof(float)));
    makeShapes<<<2, 64>>>(shapes, n);
    areas<<<2, 64>>>(shapes, out, n);
    destroy<<<2, 64>>>(shapes, n);
    CHECK(cudaMemcpy(h, out, sizeof h, cudaMemcpyDeviceToHost));
    for (int i = 0; i < n; ++i)
        if (h[i] != (i % 2 ? 1.0f : 3.0f) * i * i) return 1;
    int *o, r[32], fib[10] = {0, 1, 1, 2, 3, 5, 8, 13, 21, 34};
    CHECK(cudaMalloc(&o, sizeof r));
    misc<<<1, 32>>>(o, vec2{2, 3});
    CHECK(cudaMemcpy(r, o, sizeof r, cudaMemcpyDeviceToHost));
    for (int i = 0; i < 32; ++i) {
        int f = fib[i % 10];
        if (r[i] != (i % 2 ? f * 3 : f + 3) + 45 * i + 6) return 2;
    }
    return 0;
}
