#include "controller/report/summary.h"

#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

// What is known to be wrong is worse than what is not known.
bool IsUnknown(const v1::EdgeVerdict& edge) { return edge.observed() == v1::REACH_UNSPECIFIED; }

std::string WhatWasSeen(const v1::EdgeVerdict& edge) {
  if (IsUnknown(edge)) {
    if (edge.sent() == 0) return "no probe is known to have been sent";
    if (edge.sent() == 1) return "only 1 probe was sent, which is too few to tell";
    return "its receiver did not report throughout";
  }
  if (edge.received() == 0) return absl::StrCat("none of ", edge.sent(), " probes arrived");
  if (edge.planned_reachable()) {
    return absl::StrCat("only ", edge.received(), " of ", edge.sent(), " probes arrived");
  }
  return absl::StrCat(edge.received(), " of ", edge.sent(), " probes arrived");
}

std::string Describe(const v1::StageVerdict& stage, const v1::EdgeVerdict& edge) {
  return absl::StrCat(stage.name(), ": ", edge.from(), " → ", edge.to(),
                      edge.family() == v1::FAMILY_IPV4 ? " (IPv4)" : " (IPv6)", " was planned ",
                      edge.planned_reachable() ? "open" : "cut", " but ", WhatWasSeen(edge));
}

std::string Plural(std::size_t count, absl::string_view noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

}  // namespace

bool Agrees(const v1::EdgeVerdict& edge) {
  return edge.observed() == (edge.planned_reachable() ? v1::REACH_OPEN : v1::REACH_CUT);
}

std::string Summarize(const google::protobuf::RepeatedPtrField<v1::StageVerdict>& stages) {
  std::size_t edges = 0;
  std::size_t wrong = 0;
  const v1::StageVerdict* worst_stage = nullptr;
  const v1::EdgeVerdict* worst = nullptr;
  for (const v1::StageVerdict& stage : stages) {
    edges += static_cast<std::size_t>(stage.edges_size());
    for (const v1::EdgeVerdict& edge : stage.edges()) {
      if (Agrees(edge)) continue;
      ++wrong;
      if (worst != nullptr && (IsUnknown(edge) || !IsUnknown(*worst))) continue;
      worst_stage = &stage;
      worst = &edge;
    }
  }
  if (worst != nullptr) {
    return absl::StrCat(Describe(*worst_stage, *worst), wrong == 1 ? "" : absl::StrCat("; and ", wrong - 1, " more"));
  }
  if (stages.empty()) return "nothing was observed";
  if (edges == 0) return "nothing was observed: no two nodes can probe each other";
  return absl::StrCat("every observation equalled the plan: ", Plural(static_cast<std::size_t>(stages.size()), "stage"),
                      ", ", Plural(edges, "edge"));
}

}  // namespace faultline
