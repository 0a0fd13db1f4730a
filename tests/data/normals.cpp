// Writes the float32 normal numbers of tests/core/test_random.py: what MXNet's generator draws, said in C++.
// g++ -O2 normals.cpp -o normals && ./normals | sha256sum

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <random>
#include <vector>

int main() {
  const uint32_t seed = 0;
  std::vector<std::mt19937> states(1024);
  for (uint32_t i = 0; i < 1024; ++i) states[i].seed(127 * seed + i);

  for (const long count : {1000L, 1000000L, 65537L}) {
    const long team = std::min((count + 63) / 64, 1024L);
    const long each = (count + team - 1) / team;
    std::vector<float> drawn(count);
    for (long i = 0; i < count; ++i) {
      std::normal_distribution<float> fresh;  // one for each number: the second of a pair is dropped
      drawn[i] = fresh(states[i / each]);
    }
    std::fwrite(drawn.data(), sizeof(float), drawn.size(), stdout);
  }
}
