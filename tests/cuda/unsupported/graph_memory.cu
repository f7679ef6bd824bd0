// unsupported: memory that graphs allocate
int main() {
    cudaStream_t s;
    cudaGraph_t g;
    int *x;
    cudaStreamCreate(&s);
    cudaStreamBeginCapture(s, cudaStreamCaptureModeGlobal);
    cudaMallocAsync(&x, 64, s);
    cudaFreeAsync(x, s);
    cudaStreamEndCapture(s, &g);
}
