// Vectors of every kind: how they are made, grow, move and are read; universal and pinned memory, device_malloc and device_new.
#include <cstdio>
#include <list>
#include <vector>

#include <cuda_runtime.h>
#include <thrust/copy.h>
#include <thrust/device_free.h>
#include <thrust/device_malloc.h>
#include <thrust/device_new.h>
#include <thrust/device_delete.h>
#include <thrust/device_ptr.h>
#include <thrust/device_vector.h>
#include <thrust/fill.h>
#include <thrust/host_vector.h>
#include <thrust/memory.h>
#include <thrust/reduce.h>
#include <thrust/sequence.h>
#include <thrust/swap.h>
#include <thrust/system/cuda/memory.h>
#include <thrust/universal_vector.h>

struct Point {
    float x, y;
    int id;
    bool operator==(const Point &other) const { return x == other.x && y == other.y && id == other.id; }
};

// Not trivial: made and copied on the device.
struct Counted {
    int value;
    __host__ __device__ Counted() : value(11) {}
    __host__ __device__ Counted(int value) : value(value) {}
    __host__ __device__ Counted(const Counted &other) : value(other.value + 100) {}
    __host__ __device__ Counted &operator=(const Counted &) = default;
};

__global__ void twice(int *data, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) data[i] *= 2;
}

static int wrong = 0;
static void expect(bool holds, int line) {
    if (holds) return;
    std::printf("line %d\n", line);
    ++wrong;
}
#define EXPECT(condition) expect(condition, __LINE__)

int main() {
    const std::list<int> list{5, 4, 3, 2, 1};
    thrust::device_vector<int> empty, zeros(6), nines(4, 9), listed(list.begin(), list.end()), braced{1, 2, 3}, copied = listed;
    EXPECT(empty.empty() && zeros.size() == 6 && zeros[5] == 0 && nines[3] == 9 && listed[0] == 5 && braced[2] == 3 && copied == listed);
    const std::vector<int> standard{7, 8, 9};
    thrust::device_vector<int> from = standard, moved = std::move(copied);
    EXPECT(from.front() == 7 && from.back() == 9 && moved.size() == 5 && copied.empty());

    from.push_back(10);
    from.insert(from.begin(), 6);
    from.insert(from.end(), standard.begin(), standard.end());
    from.erase(from.begin() + 1, from.begin() + 3);
    from.pop_back();
    const std::vector<int> wanted{6, 9, 10, 7, 8};
    EXPECT(from == wanted);
    from.resize(8, -1);
    from.reserve(100);
    EXPECT(from.size() == 8 && from.capacity() >= 100 && from[7] == -1 && from[4] == 8);
    from.assign(3, 2);
    from[1] += 5;
    ++from[2];
    const int read = from[1];
    EXPECT(read == 7 && from[2] == 3);
    thrust::swap(from, nines);
    EXPECT(from.size() == 4 && nines[1] == 7);
    from.clear();
    from.shrink_to_fit();
    EXPECT(from.empty());

    thrust::host_vector<Point> points(3);
    for (int i = 0; i < 3; ++i) points[i] = {i * 1.0f, i * 2.0f, i};
    thrust::device_vector<Point> there = points;
    there[1] = Point{9, 9, 9};
    const Point changed = there[1];
    EXPECT(changed.id == 9 && static_cast<Point>(there[2]) == points[2]);
    thrust::device_vector<Counted> counted(3), some(2, Counted(5));
    EXPECT(static_cast<Counted>(counted[2]).value % 100 == 11 && static_cast<Counted>(some[1]).value % 100 == 5);

    // Raw memory, in both directions
    int *raw;
    cudaMalloc(&raw, 10 * sizeof *raw);
    thrust::device_ptr<int> pointer = thrust::device_pointer_cast(raw);
    thrust::sequence(pointer, pointer + 10);
    twice<<<1, 32>>>(raw, 10);
    EXPECT(pointer[9] == 18 && thrust::reduce(pointer, pointer + 10) == 90 && pointer.get() == raw);
    std::vector<int> host(10);
    thrust::copy(pointer, pointer + 10, host.begin());
    thrust::copy_n(host.begin(), 5, pointer + 5);
    EXPECT(host[3] == 6 && pointer[7] == 4);
    cudaFree(raw);
    thrust::device_ptr<int> allocated = thrust::device_malloc<int>(4);
    thrust::fill(allocated, allocated + 4, 3);
    EXPECT(*(allocated + 3) == 3);
    thrust::device_free(allocated);
    thrust::device_ptr<int> made = thrust::device_new<int>(5);
    thrust::device_delete(made, 5);

    // Memory that both sides reach
    thrust::universal_vector<int> shared(50);
    thrust::sequence(shared.begin(), shared.end());
    twice<<<2, 32>>>(thrust::raw_pointer_cast(shared.data()), 50);
    cudaDeviceSynchronize();
    long sum = 0;
    for (int x : shared) sum += x;
    EXPECT(sum == 49 * 50);
    thrust::host_vector<int, thrust::mr::stateless_resource_allocator<int, thrust::system::cuda::universal_host_pinned_memory_resource>> pinned(20, 4);
    thrust::device_vector<int> lifted(pinned.begin(), pinned.end());
    EXPECT(thrust::reduce(lifted.begin(), lifted.end()) == 80);
    std::printf(wrong ? "FAIL\n" : "PASS\n");
    return wrong != 0;
}
