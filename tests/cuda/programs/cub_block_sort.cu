// cub::BlockRadixSort of keys and pairs, both ways, of whole and floating-point numbers and of some bits alone, and
// cub::BlockMergeSort with an order of the program's own; cub::BlockExchange and cub::BlockShuffle.
#include <cub/block/block_exchange.cuh>
#include <cub/block/block_load.cuh>
#include <cub/block/block_merge_sort.cuh>
#include <cub/block/block_radix_sort.cuh>
#include <cub/block/block_shuffle.cuh>
#include <cub/block/block_store.cuh>
#include <algorithm>
#include <cstdio>
#include <numeric>
#include <vector>

template <class Key, int threads, int items, bool descending>
__global__ void sort_pairs(Key *keys, int *values, int first_bit, int end_bit) {
    using Sort = cub::BlockRadixSort<Key, threads, items, int>;
    __shared__ typename Sort::TempStorage scratch;
    Key key[items];
    int value[items];
    cub::LoadDirectBlocked(threadIdx.x, keys, key);
    cub::LoadDirectBlocked(threadIdx.x, values, value);
    if (descending) Sort(scratch).SortDescending(key, value, first_bit, end_bit);
    else Sort(scratch).SortBlockedToStriped(key, value, first_bit, end_bit);
    if (descending) cub::StoreDirectBlocked(threadIdx.x, keys, key), cub::StoreDirectBlocked(threadIdx.x, values, value);
    else cub::StoreDirectStriped<threads>(threadIdx.x, keys, key), cub::StoreDirectStriped<threads>(threadIdx.x, values, value);
}

template <class Key, int threads, int items, bool descending>
int check_pairs(int first_bit = 0, int end_bit = sizeof(Key) * 8) {
    constexpr int n = threads * items;
    Key h[n], *keys;
    int order[n], got[n], *values;
    for (int i = 0; i < n; ++i) h[i] = static_cast<Key>((i * 7919 % 509 - 200) * (sizeof(Key) > 2 ? 1001 : 1)), order[i] = i;
    const Key *before = h;
    std::vector<Key> copy(before, before + n);
    cudaMalloc(&keys, sizeof h), cudaMalloc(&values, sizeof order);
    cudaMemcpy(keys, h, sizeof h, cudaMemcpyHostToDevice), cudaMemcpy(values, order, sizeof order, cudaMemcpyHostToDevice);
    sort_pairs<Key, threads, items, descending><<<1, threads>>>(keys, values, first_bit, end_bit);
    cudaMemcpy(h, keys, sizeof h, cudaMemcpyDeviceToHost), cudaMemcpy(got, values, sizeof got, cudaMemcpyDeviceToHost);
    const auto digit = [&](Key key) {
        if constexpr (std::is_integral_v<Key>)
            if (end_bit - first_bit < static_cast<int>(sizeof(Key) * 8)) return static_cast<Key>(key >> first_bit & ((Key{1} << (end_bit - first_bit)) - 1));
        return key;
    };
    std::stable_sort(order, order + n, [&](int a, int b) { return descending ? digit(copy[a]) > digit(copy[b]) : digit(copy[a]) < digit(copy[b]); });
    int bad = 0;
    for (int i = 0; i < n; ++i) bad += got[i] != order[i] || h[i] != copy[order[i]];
    cudaFree(keys), cudaFree(values);
    if (bad) std::printf("keys of %zu bytes, %d x %d: %d wrong\n", sizeof(Key), threads, items, bad);
    return bad;
}

struct Person {
    int age;
    float height;
};
struct Older {
    __device__ bool operator()(const Person &a, const Person &b) const { return a.age > b.age || (a.age == b.age && a.height < b.height); }
};

__global__ void merge_sort(Person *people, int n) {
    using Sort = cub::BlockMergeSort<Person, 64, 3>;
    __shared__ Sort::TempStorage scratch;
    Person mine[3];
    cub::LoadDirectBlocked(threadIdx.x, people, mine, n, Person{-1, 0});
    Sort(scratch).Sort(mine, Older{}, n, Person{-1, 0});
    cub::StoreDirectBlocked(threadIdx.x, people, mine, n);
}

__global__ void exchange(int *striped, int *back, int *scattered, int *shifted, const int *ranks) {
    using Exchange = cub::BlockExchange<int, 96, 3>;
    using Shuffle = cub::BlockShuffle<int, 96>;
    __shared__ union {
        Exchange::TempStorage exchange;
        Shuffle::TempStorage shuffle;
    } scratch;
    int mine[3], rank[3], other = -1;
    for (int i = 0; i < 3; ++i) mine[i] = threadIdx.x * 3 + i, rank[i] = ranks[threadIdx.x * 3 + i];
    Exchange(scratch.exchange).BlockedToStriped(mine, mine);
    for (int i = 0; i < 3; ++i) striped[threadIdx.x * 3 + i] = mine[i];
    __syncthreads();
    Exchange(scratch.exchange).StripedToBlocked(mine, mine);
    for (int i = 0; i < 3; ++i) back[threadIdx.x * 3 + i] = mine[i];
    __syncthreads();
    Exchange(scratch.exchange).ScatterToBlocked(mine, rank);
    for (int i = 0; i < 3; ++i) scattered[threadIdx.x * 3 + i] = mine[i];
    __syncthreads();
    Shuffle(scratch.shuffle).Offset(threadIdx.x * 10, other, -1);
    shifted[threadIdx.x] = other;
}

int check_people() {
    int bad = 0;
    for (const int n : {1, 2, 100, 191, 192}) {
        std::vector<Person> h(n), got(n);
        for (int i = 0; i < n; ++i) h[i] = {i * 37 % 11, static_cast<float>(i * 53 % 193)};
        Person *people;
        cudaMalloc(&people, n * sizeof(Person));
        cudaMemcpy(people, h.data(), n * sizeof(Person), cudaMemcpyHostToDevice);
        merge_sort<<<1, 64>>>(people, n);
        cudaMemcpy(got.data(), people, n * sizeof(Person), cudaMemcpyDeviceToHost);
        std::stable_sort(h.begin(), h.end(), [](const Person &a, const Person &b) { return a.age > b.age || (a.age == b.age && a.height < b.height); });
        for (int i = 0; i < n; ++i) bad += got[i].age != h[i].age || got[i].height != h[i].height;
        cudaFree(people);
    }
    return bad;
}

int check_exchange() {
    constexpr int n = 288;
    int ranks[n], h[4][n], *d, bad = 0;
    for (int i = 0; i < n; ++i) ranks[i] = (i * 131 + 7) % n;
    cudaMalloc(&d, 5 * sizeof ranks);
    cudaMemset(d, 0, 5 * sizeof ranks);
    cudaMemcpy(d + 4 * n, ranks, sizeof ranks, cudaMemcpyHostToDevice);
    exchange<<<1, 96>>>(d, d + n, d + 2 * n, d + 3 * n, d + 4 * n);
    cudaMemcpy(h, d, sizeof h, cudaMemcpyDeviceToHost);
    for (int i = 0; i < n; ++i) bad += h[0][i] != i % 3 * 96 + i / 3 || h[1][i] != i || h[2][ranks[i]] != i;
    for (int t = 0; t < 96; ++t) bad += h[3][t] != (t == 0 ? -1 : (t - 1) * 10);
    cudaFree(d);
    return bad;
}

int main() {
    int bad = check_pairs<int, 128, 1, false>() + check_pairs<int, 64, 5, true>() + check_pairs<unsigned, 96, 2, false>(8, 16) + check_pairs<float, 128, 3, false>() +
              check_pairs<double, 32, 4, true>() + check_pairs<unsigned char, 64, 2, false>() + check_pairs<long long, 64, 3, false>();
    bad += check_people() + check_exchange();
    std::printf("%s\n", bad ? "wrong" : "ok");
    return bad != 0;
}
