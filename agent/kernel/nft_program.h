#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "agent/kernel/kernel.h"
#include "agent/kernel/nft_batch.h"
#include "agent/kernel/nft_names.h"
#include "agent/program/program.h"

namespace faultline {

// The nft objects that a run has in the kernel, beside the table that all runs share. A value;
// everything needed to switch, read and remove a run.
struct RunObjects {
  struct StepChain {
    std::string name;
    StepIndex step = 0;
  };
  std::vector<std::string> base_chains;
  std::vector<StepChain> step_chains;
  // Gates and prefix sets.
  std::vector<std::string> sets;
  // Steps with a gate: those with at least one rule.
  std::vector<StepIndex> gated;

  bool HasGate(StepIndex step) const;
  // A run without any rule has nothing in the kernel.
  bool empty() const { return base_chains.empty(); }
};

// Whether a program can be encoded: its run id is a name; it has devices, and none of them is "lo",
// when it has steps; its steps are unique, its set indices exist, and every match names sources or
// destinations. INVALID_ARGUMENT says what is wrong.
absl::Status CheckProgram(const Program& program);

// Below, everything is pure: operations are added to a batch and nothing else happens.
// REQUIRES, of every program: CheckProgram is OK.

// A match becomes one rule for each family that its sets both have; without such a family it has
// none, for no packet can match.
RunObjects ObjectsOf(const Program& program);

// The table of all runs. With `owned` it goes when the socket that made it is closed.
void AddTable(NftBatch& batch, NftVerb verb, const std::string& name, bool owned);

// The whole run with its gates closed. `lane`: interface index of the blackhole device, 0 when
// !program.HasEgress().
void AddInstall(NftBatch& batch, const Program& program, std::uint32_t lane);

// Takes away what AddInstall made, the table excepted.
void AddRemove(NftBatch& batch, const RunObjects& objects);

// Closes, then opens; steps without a gate are passed over.
void AddSwitch(NftBatch& batch, const RunId& run, const RunObjects& objects, std::span<const StepIndex> close,
               std::span<const GateOpening> open);

// A chain that packets reach only by a jump.
void AddChain(NftBatch& batch, NftVerb verb, const std::string& table, const std::string& name);

// A chain that every packet of `devices` comes through, and that accepts.
void AddBaseChain(NftBatch& batch, const std::string& table, const std::string& name, Direction direction,
                  std::span<const std::string> devices);

}  // namespace faultline
