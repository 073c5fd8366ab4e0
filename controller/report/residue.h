#pragma once

#include <string>
#include <vector>

#include "faultline/v1/run.pb.h"

namespace faultline {

// What became of a run's proofs of no residue. Pure.

// Whether some node looked for any.
bool ResidueSought(const v1::Run& run);

// "par-1: table netdev faultline, device fl0", of each node where something of Faultline's is left.
std::vector<std::string> ResidueLeft(const v1::Run& run);

// "par-1: the agent knows nothing of the run; …", of each node of which nothing is known.
std::vector<std::string> ResidueUnknown(const v1::Run& run);

// "on par-1 others changed: chain input of table inet firewall: 12 rules before, 13 now", of each node where they did.
std::vector<std::string> ResidueNotes(const v1::Run& run);

// On how many nodes nothing is left: "no residue on 5 of 6 nodes".
std::string SummarizeResidue(const v1::Run& run);

// Of one node, in a word or two: "none", "none, others changed 2", "LEFT: table netdev faultline", "not known"; "-"
// when it was not looked for.
std::string ResidueText(const v1::NodeOutcome& outcome);

}  // namespace faultline
