// Density matrices of up to five qubits in the Pauli basis: changes of basis, transfer matrices on one and two qubits,
// partial traces, swaps. An element's index has one digit of base 4 for each qubit.
#include "check.h"
#include "kernel.cuh"

using check::Device;
using check::Expected;

static size_t digit(size_t index, int qubit) { return index >> (2 * qubit) & 3; }
static size_t with_digit(size_t index, int qubit, size_t value) { return (index & ~((size_t)3 << (2 * qubit))) | value << (2 * qubit); }

// To and from the basis (0, x, iy, 1), on a complex matrix.
static void basis(int qubits, int qubit) {
  size_t side = 1u << qubits, mask = 1u << qubit;
  auto matrix = check::Random(qubits).reals<double>(side * side * 2, -1, 1);
  std::vector<Expected> want;
  for (double x : matrix) want.emplace_back(x);
  for (size_t x = 0; x < side; x++)
    for (size_t y = 0; y < side; y++)
      for (size_t part = 0; part < 2 && (x & mask) && !(y & mask); part++) {
        size_t b = (x * side + y) * 2 + part, c = ((x ^ mask) * side + (y | mask)) * 2 + part;
        want[b] = Expected(matrix[b] * M_SQRT1_2), want[b].add(matrix[c] * M_SQRT1_2);
        want[c] = Expected(matrix[b] * M_SQRT1_2), want[c].add(-matrix[c] * M_SQRT1_2);
      }
  Device<double> m(matrix);
  unsigned blocks = (side + 7) / 8;
  bit_to_pauli_basis<<<dim3(blocks, blocks), dim3(8, 8)>>>(m, mask, qubits);
  check::finished();
  check::near("basis", m.host(), want, 3);
}

// A complex matrix's relevant parts, in the order of digits, and back.
static void reshuffle(int qubits) {
  size_t side = 1u << qubits;
  auto matrix = check::Random(qubits + 10).reals<double>(side * side * 2, -1, 1);
  std::vector<double> want(side * side), back(side * side * 2, 0);
  for (size_t x = 0; x < side; x++)
    for (size_t y = 0; y < side; y++) {
      size_t index = 0;
      for (int q = 0; q < qubits; q++) index = with_digit(index, q, (x >> q & 1) | (y >> q & 1) << 1);
      int ys = __builtin_popcountll(~x & y) % 4;
      size_t from = (x * side + y) * 2 + (ys & 1);
      want[index] = back[from] = ys >= 2 ? -matrix[from] : matrix[from];
      back[from] = matrix[from];
    }
  Device<double> m(matrix), real(side * side), again(side * side * 2, 0.0);
  unsigned blocks = (side + 3) / 4;
  pauli_reshuffle<<<dim3(blocks, blocks), dim3(4, 4)>>>(m, real, qubits, 0);
  pauli_reshuffle<<<dim3(blocks, blocks), dim3(4, 4)>>>(again, real, qubits, 1);
  check::finished();
  check::equal("real", real.host(), want);
  check::equal("complex", again.host(), back);
}

static void transfer(int qubits, int first, int second) {
  size_t size = (size_t)1 << (2 * qubits), block = size < 64 ? size : 64;
  check::Random random(qubits * 7 + first);
  auto state = random.reals<double>(size, -1, 1), one = random.reals<double>(16, -1, 1), two = random.reals<double>(256, -1, 1);
  std::vector<Expected> want_one(size), want_two(size);
  for (size_t i = 0; i < size; i++) {
    for (size_t k = 0; k < 4; k++) want_one[i].add(one[digit(i, first) * 4 + k] * state[with_digit(i, first, k)]);
    for (size_t k = 0; k < 16 && qubits > 1; k++) {
      size_t row = digit(i, first) + 4 * digit(i, second), from = with_digit(with_digit(i, first, k % 4), second, k / 4);
      want_two[i].add(two[row * 16 + k] * state[from]);
    }
  }
  Device<double> d_one(one), d_two(two), d_state(state), d_state_2(state);
  single_qubit_ptm<<<size / block, block, (16 + block) * sizeof(double)>>>(d_state, d_one, first, qubits);
  check::finished();
  check::near("one qubit", d_state.host(), want_one, 1);
  if (qubits < 2) return;
  two_qubit_ptm<<<size / block, block, (256 + block) * sizeof(double)>>>(d_state_2, d_two, first, second, qubits);
  check::finished();
  check::near("two qubits", d_state_2.host(), want_two, 1);
}

static void traces(int qubits, int qubit) {
  size_t size = (size_t)1 << (2 * qubits), side = (size_t)1 << qubits;
  auto state = check::Random(qubits * 3 + qubit).reals<double>(size, -1, 1);
  Device<double> d_state(state), diagonal(side);
  get_diag<<<(side + 7) / 8, 8>>>(d_state, diagonal, qubits);
  check::finished();
  std::vector<double> want(side);
  for (size_t x = 0; x < side; x++) {
    size_t index = 0;
    for (int q = 0; q < qubits; q++) index = with_digit(index, q, (x >> q & 1) * 3);
    want[x] = state[index];
  }
  auto values = diagonal.host();
  check::equal("diagonal", values, want);
  Expected sum[2], total;
  for (size_t x = 0; x < side; x++) sum[x >> qubit & 1].add(want[x]), total.add(want[x]);
  Device<double> partial(want);
  trace<<<1, side, side * sizeof(double)>>>(partial, qubit);
  trace<<<1, side, side * sizeof(double)>>>(diagonal, -1);
  check::finished();
  check::near("trace", std::vector<double>{diagonal.host()[0]}, {total}, 0);
  auto parts = partial.host();
  check::near("partial traces", std::vector<double>{parts[0], parts[1]}, {sum[1], sum[0]}, 0);
  for (unsigned value = 0; value < 2; value++) {
    std::vector<double> reduced(size / 4);
    for (size_t i = 0; i < size / 4; i++) {
      size_t low = ((size_t)1 << (2 * qubit)) - 1;
      reduced[i] = state[((i & ~low) << 2) | (size_t)value * 3 << (2 * qubit) | (i & low)];
    }
    Device<double> out(size / 4);
    dm_reduce<<<(size + 31) / 32, 32>>>(d_state, qubit, out, value, qubits);
    check::finished();
    check::equal("reduced", out.host(), reduced);
  }
}

static void swapped(int qubits, int first, int second) {
  size_t size = (size_t)1 << (2 * qubits);
  auto state = check::Random(qubits).reals<double>(size, -1, 1);
  std::vector<double> want(size);
  for (size_t i = 0; i < size; i++) want[i] = state[with_digit(with_digit(i, first, digit(i, second)), second, digit(i, first))];
  Device<double> d_state(state);
  swap<<<(size + 31) / 32, 32>>>(d_state, first, second, qubits);
  check::finished();
  check::equal("swap", d_state.host(), want);
}

int main() {
  for (int qubits : {1, 2, 3, 5})
    for (int first = 0; first < qubits; first++) {
      basis(qubits, first), traces(qubits, first), transfer(qubits, first, (first + 1) % qubits);
      if (first + 1 < qubits) swapped(qubits, first, qubits - 1);
    }
  for (int qubits : {1, 2, 4, 5}) reshuffle(qubits);
  return check::verdict();
}
