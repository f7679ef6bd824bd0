// Rotary position embedding in both layouts: each pair of numbers is turned by an angle that is given as cosine and sine.
#include "check.h"
#define VLLM_LDG(arg) __ldg(arg)
#include "kernel.cuh"

template <bool NEOX>
static void run(int tokens, int heads, int kv_heads, int head, int rot) {
  check::Random random(tokens + heads + head);
  const int positions = 50, half = rot / 2;
  auto query = random.reals((size_t)tokens * heads * head, -1, 1), key = random.reals((size_t)tokens * kv_heads * head, -1, 1);
  std::vector<float> cache;
  for (int p = 0; p < positions; p++) {
    std::vector<float> sines;
    for (int i = 0; i < half; i++) {
      double angle = p / pow(10000, 2.0 * i / rot);
      cache.push_back((float)cos(angle)), sines.push_back((float)sin(angle));
    }
    cache.insert(cache.end(), sines.begin(), sines.end());
  }
  auto position = random.integers<int64_t>(tokens, positions);
  auto turned = [&](const std::vector<float> &from, int count) {
    std::vector<check::Expected> want;
    for (float x : from) want.emplace_back(x);
    for (int i = 0; i < tokens * count * half; i++) {
      int r = i % half;
      size_t base = (size_t)(i / half) * head, a = base + (NEOX ? r : 2 * r), b = base + (NEOX ? half + r : 2 * r + 1);
      const float *angles = &cache[position[i / half / count] * rot];
      double c = angles[r], s = angles[half + r];
      want[a] = check::Expected(from[a] * c), want[a].add(-from[b] * s);
      want[b] = check::Expected(from[b] * c), want[b].add(from[a] * s);
    }
    return want;
  };
  check::Device<float> d_query(query), d_key(key), d_cache(cache), q2(query), k2(key);
  check::Device<int64_t> d_position(position), offsets(tokens, 0);
  int threads = heads * half < 512 ? heads * half : 512;
  vllm::rotary_embedding_kernel<float, NEOX><<<tokens, threads>>>(d_position, d_query, d_key.get(), d_cache, rot, (int64_t)heads * head,
                                                                  (int64_t)kv_heads * head, head, heads, kv_heads, head);
  vllm::batched_rotary_embedding_kernel<float, NEOX><<<tokens, threads>>>(
      d_position, q2, k2.get(), d_cache, offsets, rot, (int64_t)heads * head, (int64_t)kv_heads * head, head, heads, kv_heads, head);
  check::finished();
  check::near("query", d_query.host(), turned(query, heads), 1);
  check::near("key", d_key.host(), turned(key, kv_heads), 1);
  check::near("query, batched", q2.host(), turned(query, heads), 1);
  check::near("key, batched", k2.host(), turned(key, kv_heads), 1);
}

int main() {
  run<true>(1, 1, 1, 2, 2);
  run<false>(7, 3, 1, 10, 6);
  run<true>(5, 4, 2, 32, 32);
  run<false>(3, 13, 13, 22, 22);
  return check::verdict();
}
