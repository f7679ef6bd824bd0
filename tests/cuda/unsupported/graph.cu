// unsupported: graphs
__global__ void k() {}
int main() {
    cudaStream_t s;
    cudaGraph_t g;
    cudaStreamCreate(&s);
    cudaStreamBeginCapture(s, cudaStreamCaptureModeGlobal);
    k<<<1, 1, 0, s>>>();
    cudaStreamEndCapture(s, &g);
}
