#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/kernel/nft_batch.h"
#include "agent/kernel/nft_step.h"
#include "common/program/program.h"

namespace faultline::testing {

inline PrefixSet Set(std::initializer_list<const char*> texts) {
  std::vector<Prefix> prefixes;
  for (const char* text : texts) prefixes.push_back(*Prefix::Parse(text));
  return PrefixSet(std::move(prefixes));
}

// Run "r" on eth0 with these steps. Its sets: 0 is London, of IPv4; 1 is Paris, of both families; 2 one Paris subnet,
// of IPv4.
inline Program MakeProgram(std::vector<Program::StepRules> steps) {
  Program program{.run = RunId("r"), .devices = {"eth0"}};
  program.prefix_sets = {Set({"172.32.0.0/16"}), Set({"172.33.0.0/16", "fd21::/48"}), Set({"172.33.8.0/24"})};
  program.steps = std::move(steps);
  return program;
}

// What comes from Paris, and what goes there.
inline const Match kFromParis{.sources = 1};
inline const Match kToParis{.destinations = 1};

inline Impairment Loss(Ratio share) {
  Impairment impairment;
  impairment.loss = share;
  return impairment;
}

inline Impairment Delay(Duration delay) {
  Impairment impairment;
  impairment.delay = delay;
  return impairment;
}

inline Impairment Rate(std::uint64_t bits_per_second) {
  Impairment impairment;
  impairment.rate = BitRate{bits_per_second};
  return impairment;
}

// A lane for all that the program asks for: the one that swallows is fl0, the others are fl1 and so on.
inline RunLanes LanesFor(const Program& program) {
  RunLanes lanes{.blackhole = Lane{.name = "fl0", .index = 7, .device = 7}};
  for (const StepChain& chain : LayOut(program)) {
    if (chain.action != Action::kDetour) continue;
    const auto number = static_cast<std::uint32_t>(lanes.detours.size() + 1);
    lanes.detours[{chain.step->index, chain.direction()}] = {
        .name = absl::StrCat("fl", number), .index = 7 + number, .device = 7 + number};
  }
  return lanes;
}

// A batch of the steps' chains alone.
inline NftBatch StepBatch(const Program& program) {
  NftBatch batch(1);
  const RunLanes lanes = LanesFor(program);
  for (const StepChain& chain : LayOut(program)) AddStepChain(batch, program, chain, lanes);
  return batch;
}

// The rules that a batch adds: "r/s0/in: counter drop", those of the inet table with "inet " before.
inline std::vector<std::string> RuleTexts(const NftBatch& batch) {
  std::vector<std::string> texts;
  for (absl::string_view name : batch.names()) {
    if (absl::StartsWith(name, "add rule ")) texts.emplace_back(name.substr(9));
  }
  return texts;
}

}  // namespace faultline::testing
