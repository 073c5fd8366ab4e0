#pragma once

#include <span>
#include <string>
#include <vector>

#include "agent/kernel/kernel.h"
#include "agent/kernel/nft_batch.h"
#include "agent/kernel/nft_step.h"
#include "common/program/nft_layout.h"
#include "common/program/program.h"

namespace faultline {

// The nft objects that a run has in the kernel, beside the tables that all runs share. A value;
// everything needed to switch, read and remove a run.
struct RunObjects {
  struct BaseChain {
    Place place;
    std::string name;
  };
  struct NamedChain {
    NftFamily table;
    std::string name;
    StepIndex step = 0;
    // Whether its counter is of packets lost by rule, not of those that the step's rules chose.
    bool lost = false;
  };
  // Gates, prefix sets and the set of devices.
  struct NamedSet {
    NftFamily table;
    std::string name;
  };
  // Steps with a gate: those with at least one rule in the table.
  struct Gate {
    NftFamily table;
    StepIndex step = 0;
  };
  std::vector<BaseChain> base_chains;
  // Before those that they lead to.
  std::vector<NamedChain> step_chains;
  std::vector<NamedSet> sets;
  std::vector<Gate> gates;

  bool Uses(NftFamily table) const;
  // A run without any rule has nothing in the kernel.
  bool empty() const { return base_chains.empty(); }
};

// Below, everything is pure: operations are added to a batch and nothing else happens.
// REQUIRES, of every program: CheckProgram is OK.

RunObjects ObjectsOf(const Program& program);

// The whole run with its gates closed. `lanes`: those that its layout asks for.
void AddInstall(NftBatch& batch, const Program& program, const RunLanes& lanes);

// Takes away what a run has in one table, the table excepted.
void AddRemove(NftBatch& batch, const RunObjects& objects, NftFamily table);

// Closes, then opens; steps without a gate are passed over.
void AddSwitch(NftBatch& batch, const RunId& run, const RunObjects& objects, std::span<const StepIndex> close,
               std::span<const GateOpening> open);

// Has the run act on one more device: base chains of its own at `places`, of the netdev family, and its name among the
// devices that the other places know. What was attached to a device of this name before is replaced. Not empty, `lower`
// is a device that the run acts on and that sees all packets of this one: then it has base chains only for steps that
// name it, and do not name `lower`.
void AddAttach(NftBatch& batch, const Program& program, RunObjects& objects, std::span<const Place> places,
               const std::string& device, const std::string& lower);

}  // namespace faultline
