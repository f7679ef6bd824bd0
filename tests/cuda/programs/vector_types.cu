// Vector types: their sizes and alignments, makers, vectorised loads of every width, user operators.
#include <cstdint>
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

inline __host__ __device__ float3 operator+(float3 a, float3 b) { return make_float3(a.x + b.x, a.y + b.y, a.z + b.z); }
inline __host__ __device__ float dot(float4 a, float4 b) { return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w; }

template <typename V>
__global__ void copy(const V *in, V *out, int n) {
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) out[i] = in[i];
}

__global__ void mix(const uchar4 *pixels, float3 *sum, const float4 *v, float *dots) {
    int i = threadIdx.x;
    uchar4 p = pixels[i];
    sum[i] = make_float3(p.x, p.y, p.z) + make_float3(p.w, 0, 0);
    dots[i] = dot(v[i], make_float4(1, 2, 3, 4));
}

template <typename V>
bool roundTrip(const unsigned char *in, size_t bytes, unsigned char *d, unsigned char *e) {
    CHECK(cudaMemset(e, 0, bytes));
    copy<<<2, 64>>>((const V *)d, (V *)e, (int)(bytes / sizeof(V)));
    std::vector<unsigned char> back(bytes);
    CHECK(cudaMemcpy(back.data(), e, bytes, cudaMemcpyDeviceToHost));
    for (size_t i = 0; i < bytes / sizeof(V) * sizeof(V); ++i)
        if (back[i] != in[i]) return false;
    return true;
}

int main() {
    static_assert(sizeof(float3) == 12 && sizeof(float4) == 16 && alignof(float4) == 16 && alignof(float2) == 8 && sizeof(double2) == 16, "");
    static_assert(sizeof(uchar4) == 4 && alignof(uchar4) == 4 && sizeof(longlong2) == 16 && sizeof(short2) == 4 && sizeof(int3) == 12, "");
    const size_t bytes = 9600;
    std::vector<unsigned char> in(bytes);
    for (size_t i = 0; i < bytes; ++i) in[i] = (unsigned char)(i * 7);
    unsigned char *d, *e;
    CHECK(cudaMalloc(&d, bytes));
    CHECK(cudaMalloc(&e, bytes));
    CHECK(cudaMemcpy(d, in.data(), bytes, cudaMemcpyHostToDevice));
    if (!roundTrip<float4>(in.data(), bytes, d, e) || !roundTrip<uint2>(in.data(), bytes, d, e) || !roundTrip<uchar4>(in.data(), bytes, d, e)) return 1;
    if (!roundTrip<double2>(in.data(), bytes, d, e) || !roundTrip<int3>(in.data(), bytes, d, e) || !roundTrip<short2>(in.data(), bytes, d, e)) return 2;
    if (!roundTrip<int4>(in.data(), bytes, d, e) || !roundTrip<uint64_t>(in.data(), bytes, d, e) || !roundTrip<char3>(in.data(), bytes, d, e)) return 3;
    float4 v[32], *dv;
    float dots[32], *dd;
    float3 sums[32], *ds;
    for (int i = 0; i < 32; ++i) v[i] = make_float4(i, 1, 2, 3);
    CHECK(cudaMalloc(&dv, sizeof v));
    CHECK(cudaMalloc(&dd, sizeof dots));
    CHECK(cudaMalloc(&ds, sizeof sums));
    CHECK(cudaMemcpy(dv, v, sizeof v, cudaMemcpyHostToDevice));
    mix<<<1, 32>>>((uchar4 *)d, ds, dv, dd);
    CHECK(cudaMemcpy(dots, dd, sizeof dots, cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(sums, ds, sizeof sums, cudaMemcpyDeviceToHost));
    for (int i = 0; i < 32; ++i)
        if (dots[i] != i + 2 + 6 + 12 || sums[i].x != in[4 * i] + in[4 * i + 3] || sums[i].z != in[4 * i + 2]) return 4;
    return 0;
}
