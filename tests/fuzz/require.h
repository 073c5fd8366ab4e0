#pragma once

#include <cstdio>
#include <cstdlib>

// Stops the fuzzer, whatever the build type, when a condition does not hold.
#define FAULTLINE_REQUIRE(condition)                                                 \
  do {                                                                               \
    if (!(condition)) {                                                              \
      std::fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                  \
    }                                                                                \
  } while (false)
