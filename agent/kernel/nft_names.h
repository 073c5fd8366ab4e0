#pragma once

#include <cstdint>
#include <string>

#include "common/name.h"
#include "common/prefix.h"
#include "common/timeline.h"

namespace faultline {

// The names of what a run has in the kernel: "<run>/in", "<run>/g3". Run ids have no slash, so
// objects of two runs never share a name; nft reads and prints them unquoted. nft wants a name to
// begin with a letter, so a run id that begins with a digit gets a '_' in front, with which no run
// id begins.

// Which way packets go through an interface.
enum class Direction { kIngress, kEgress };

inline constexpr char kTableName[] = "faultline";
// The kernel puts a number for the "%d".
inline constexpr char kAnonymousSetName[] = "__set%d";

// The base chain: "r/in" or "r/out".
std::string BaseChainName(const RunId& run, Direction direction);
// A step's rules of one direction: "r/s3/in".
std::string StepChainName(const RunId& run, StepIndex step, Direction direction);
// A step's gate, the same for both directions: "r/g3".
std::string GateName(const RunId& run, StepIndex step);
// The part of a prefix set that is of one family: "r/p0/v4".
std::string PrefixSetName(const RunId& run, SetIndex set, Family family);

}  // namespace faultline
