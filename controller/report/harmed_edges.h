#pragma once

#include <vector>

#include "controller/report/edge_history.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// What becomes of packets of an edge.
enum class EdgeHarm {
  // Nothing: they arrive, but should not.
  kNone,
  kCut,
  // Some are lost.
  kLossy,
  // They arrive, as an impairment has them.
  kImpaired,
  // Not known.
  kUnknown,
};

// A direction between two nodes by which packets do not plainly arrive.
struct HarmedEdge {
  std::string from;
  std::string to;
  // The IP versions of which this holds.
  std::vector<v1::Family> families;
  // Whether the two nodes have no other.
  bool all_families = true;
  EdgeHarm harm = EdgeHarm::kNone;
  // Whether that is known not to be as planned. Of an impairment the last seconds' probes are often too few to tell.
  bool wrong = false;
  // Of the first of the families; its planned part says what was to be.
  v1::EdgeVerdict verdict;
  // Of all of them: shares and delays in the mean.
  EdgeSight sight;
};

// The stage's, worst first: what is not as planned, then by loss, then by delay, then what is not known; else by name.
// The IP versions that fare alike are one. Pure.
std::vector<HarmedEdge> HarmedEdgesOf(const v1::StageVerdict& stage);

// How many directions between two nodes the stage knows, whatever their IP versions.
std::size_t CountDirections(const v1::StageVerdict& stage);

}  // namespace faultline
