// Walks on a grid, with generators that lie in global memory from one launch to the next.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <curand_kernel.h>

#define CHECK(call)                                                                          \
    do {                                                                                     \
        cudaError_t status = (call);                                                         \
        if (status != cudaSuccess) {                                                         \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status)); \
            exit(1);                                                                         \
        }                                                                                    \
    } while (0)

__global__ void setup(curandState *states, unsigned long long seed, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) curand_init(seed, i, 0, &states[i]);
}

// A walker in global memory, drawn from in place.
__global__ void walk(curandState *states, int2 *places, int n, int steps) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    for (int step = 0; step < steps; ++step) {
        const unsigned way = curand(&states[i]) >> 30;
        places[i].x += way == 0 ? 1 : way == 1 ? -1 : 0;
        places[i].y += way == 2 ? 1 : way == 3 ? -1 : 0;
    }
}

// The same with the state in registers meanwhile.
__global__ void walk_locally(curandState *states, int2 *places, int n, int steps) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    curandState mine = states[i];
    int2 place = places[i];
    for (int step = 0; step < steps; ++step) {
        const unsigned way = curand(&mine) >> 30;
        place.x += way == 0 ? 1 : way == 1 ? -1 : 0;
        place.y += way == 2 ? 1 : way == 3 ? -1 : 0;
    }
    states[i] = mine;
    places[i] = place;
}

int main() {
    const int n = 1000, steps = 50;
    curandState *states;
    int2 *places[2];
    CHECK(cudaMalloc(&states, n * sizeof *states));
    std::vector<int2> found[2];
    for (int way = 0; way < 2; ++way) {
        CHECK(cudaMalloc(&places[way], n * sizeof(int2)));
        CHECK(cudaMemset(places[way], 0, n * sizeof(int2)));
        setup<<<(n + 127) / 128, 128>>>(states, 42, n);
        for (int launch = 0; launch < 4; ++launch) {
            if (way == 0) walk<<<(n + 127) / 128, 128>>>(states, places[way], n, steps);
            else walk_locally<<<(n + 127) / 128, 128>>>(states, places[way], n, steps);
        }
        CHECK(cudaGetLastError());
        found[way].resize(n);
        CHECK(cudaMemcpy(found[way].data(), places[way], n * sizeof(int2), cudaMemcpyDeviceToHost));
        CHECK(cudaFree(places[way]));
    }
    CHECK(cudaFree(states));
    double distance = 0;
    int wrong = 0;
    for (int i = 0; i < n; ++i) {
        const int2 a = found[0][i], b = found[1][i];
        wrong += a.x != b.x || a.y != b.y || (a.x + a.y) % 2 != 0;   // an even number of steps
        distance += a.x * a.x + a.y * a.y;
    }
    // The mean square of the distance is the number of steps.
    wrong += distance / n < 4 * steps * 0.8 || distance / n > 4 * steps * 1.2;
    printf(wrong ? "FAIL\n" : "PASS\n");
    return wrong != 0;
}
