// Managed memory that nobody wrote: it is noted, and no fault, since devices give it out as zeros.
__global__ void count(const int *in, int *counts) { atomicAdd(&counts[in[threadIdx.x] & 1], 1); }

int main() {
    int *in, *counts;
    cudaMallocManaged(&in, 64 * sizeof *in);
    cudaMallocManaged(&counts, 2 * sizeof *counts);
    for (int i = 0; i < 64; ++i) in[i] = i;
    count<<<1, 64>>>(in, counts);
    cudaDeviceSynchronize();
    return counts[0] != 32 || counts[1] != 32;
}
