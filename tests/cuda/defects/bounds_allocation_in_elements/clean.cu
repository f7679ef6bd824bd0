// The output was allocated with its number of elements as its number of bytes.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <cuda_runtime.h>

#define CHECK(call)                                                              \
    do {                                                                         \
        const cudaError_t status = (call);                                       \
        if (status != cudaSuccess) {                                             \
            std::fprintf(stderr, "%s: %s\n", #call, cudaGetErrorString(status)); \
            std::exit(1);                                                        \
        }                                                                        \
    } while (0)
struct Particle {
    float3 position;
    float3 velocity;
};

__global__ void advance(const Particle *in, Particle *out, float dt, int n) {
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
        Particle p = in[i];
        p.position.x += dt * p.velocity.x;
        p.position.y += dt * p.velocity.y;
        p.position.z += dt * p.velocity.z;
        out[i] = p;
    }
}

int main() {
    const int n = 200;
    std::vector<Particle> particles(n, Particle{{0, 0, 0}, {1, 2, 3}});
    Particle *d_in, *d_out;
    CHECK(cudaMalloc(&d_in, n * sizeof(Particle)));
    CHECK(cudaMalloc(&d_out, n * sizeof(Particle)));
    CHECK(cudaMemcpy(d_in, particles.data(), n * sizeof(Particle), cudaMemcpyHostToDevice));
    advance<<<2, 64>>>(d_in, d_out, 0.5f, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(particles.data(), d_out, sizeof(Particle), cudaMemcpyDeviceToHost));
    std::printf("%g\n", particles[0].position.y);
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(d_out));
}
