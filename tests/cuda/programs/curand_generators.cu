// The generators of curand_kernel.h against what is published of them: Philox by its known answer, XORWOW and MRG32k3a by
// their recurrences, subsequences by powers of XORWOW's matrix over GF(2).
#include <cstdio>
#include <cstdlib>
#include <cstring>
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

static int failures = 0;
static void expect(bool right, const char *what) {
    if (!right) printf("wrong: %s\n", what), ++failures;
}

constexpr int threads = 64, draws = 8;

template <class State>
__global__ void draw(State *states, unsigned *numbers, unsigned long long seed, unsigned long long offset) {
    const int i = threadIdx.x;
    State state;
    curand_init(seed, i, offset, &state);
    states[i] = state;
    for (int k = 0; k < draws; ++k) numbers[i * draws + k] = curand(&state);
}

template <class State>
struct Drawn {
    std::vector<State> states{threads};
    std::vector<unsigned> numbers = std::vector<unsigned>(threads * draws);
    Drawn(unsigned long long seed, unsigned long long offset) {
        State *on_device;
        unsigned *out;
        CHECK(cudaMalloc(&on_device, threads * sizeof(State)));
        CHECK(cudaMalloc(&out, numbers.size() * sizeof(unsigned)));
        draw<<<1, threads>>>(on_device, out, seed, offset);
        CHECK(cudaGetLastError());
        CHECK(cudaMemcpy(states.data(), on_device, threads * sizeof(State), cudaMemcpyDeviceToHost));
        CHECK(cudaMemcpy(numbers.data(), out, numbers.size() * sizeof(unsigned), cudaMemcpyDeviceToHost));
        CHECK(cudaFree(on_device));
        CHECK(cudaFree(out));
    }
};

// Five words of XORWOW's shift register, and 160 of them as a matrix: row i is what becomes of bit i.
struct Register {
    unsigned word[5];
    void step() {
        const unsigned t = word[0] ^ word[0] >> 2;
        memmove(word, word + 1, 4 * sizeof word[0]);
        word[4] = word[3] ^ word[3] << 4 ^ t ^ t << 1;
    }
    bool operator==(const Register &other) const { return memcmp(word, other.word, sizeof word) == 0; }
};

struct Matrix {
    Register row[160];
    Register times(const Register &r) const {
        Register sum = {};
        for (int i = 0; i < 160; ++i)
            if (r.word[i / 32] >> i % 32 & 1)
                for (int k = 0; k < 5; ++k) sum.word[k] ^= row[i].word[k];
        return sum;
    }
};

static void test_xorwow() {
    const Drawn<curandState> drawn(1234, 0), later(1234, 3);
    Matrix jump;
    for (int i = 0; i < 160; ++i) {
        jump.row[i] = {};
        jump.row[i].word[i / 32] = 1u << i % 32;
        jump.row[i].step();
    }
    for (int power = 0; power < 67; ++power) {   // a subsequence: 2^67 numbers
        Matrix square;
        for (int i = 0; i < 160; ++i) square.row[i] = jump.times(jump.row[i]);
        jump = square;
    }
    Register at;
    memcpy(at.word, drawn.states[0].v, sizeof at.word);
    bool recurrence = true, subsequences = true, offsets = true;
    for (int i = 0; i < threads; ++i) {
        Register r;
        memcpy(r.word, drawn.states[i].v, sizeof r.word);
        subsequences = subsequences && r == at;
        at = jump.times(at);
        unsigned d = drawn.states[i].d;
        for (int k = 0; k < draws; ++k) {
            r.step();
            d += 362437;
            recurrence = recurrence && drawn.numbers[i * draws + k] == r.word[4] + d;
        }
        for (int k = 3; k < draws; ++k) offsets = offsets && drawn.numbers[i * draws + k] == later.numbers[i * draws + k - 3];
    }
    expect(recurrence, "XORWOW's recurrence");
    expect(subsequences, "XORWOW's subsequences");
    expect(offsets, "XORWOW's offsets");
}

static void test_philox() {
    const Drawn<curandStatePhilox4_32_10_t> drawn(0, 0), later(0, 5);
    const unsigned known[] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};   // Random123's for a counter and a key of 0
    expect(memcmp(drawn.numbers.data(), known, sizeof known) == 0, "Philox's known answer");
    expect(memcmp(&drawn.numbers[5], later.numbers.data(), 3 * sizeof(unsigned)) == 0, "Philox's offsets");
    expect(drawn.numbers[0] != drawn.numbers[draws], "Philox's subsequences");
}

static void test_mrg() {
    const Drawn<curandStateMRG32k3a> drawn(99, 0), later(99, 4);
    const long long m1 = 4294967087, m2 = 4294944443;
    bool recurrence = true, offsets = true;
    for (int i = 0; i < threads; ++i) {
        long long a[3], b[3];
        for (int k = 0; k < 3; ++k) a[k] = drawn.states[i].s1[k], b[k] = drawn.states[i].s2[k];
        for (int k = 0; k < draws; ++k) {
            const long long next_a = (((1403580 * a[1] - 810728 * a[0]) % m1) + m1) % m1;
            const long long next_b = (((527612 * b[2] - 1370589 * b[0]) % m2) + m2) % m2;
            a[0] = a[1], a[1] = a[2], a[2] = next_a;
            b[0] = b[1], b[1] = b[2], b[2] = next_b;
            const long long z = next_a > next_b ? next_a - next_b : next_a - next_b + m1;
            // The library stretches the numbers to all 32 bits.
            const long long got = drawn.numbers[i * draws + k];
            recurrence = recurrence && llabs(got - z) <= 260;
        }
        for (int k = 4; k < draws; ++k) offsets = offsets && drawn.numbers[i * draws + k] == later.numbers[i * draws + k - 4];
    }
    expect(recurrence, "MRG32k3a's recurrence");
    expect(offsets, "MRG32k3a's offsets");
}

int main() {
    test_xorwow();
    test_philox();
    test_mrg();
    printf(failures ? "FAIL\n" : "PASS\n");
    return failures != 0;
}
