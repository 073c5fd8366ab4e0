#pragma once

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "common/timeline_codec.h"
#include "controller/report/summary.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// "lon-1", ... "par-1", ...: so many of each.
inline std::vector<std::string> LondonAndParis(int each) {
  std::vector<std::string> nodes;
  for (const char* city : {"lon-", "par-"}) {
    for (int i = 1; i <= each; ++i) nodes.push_back(absl::StrCat(city, i));
  }
  return nodes;
}

inline bool IsLondon(const std::string& node) { return node.starts_with("lon"); }

// A stage from 10 s to 30 s with every edge between the nodes, both IP versions, planned by `planned` and so observed.
inline v1::StageVerdict StageAsPlanned(
    const std::vector<std::string>& nodes,
    absl::FunctionRef<bool(const std::string& from, const std::string& to)> planned) {
  v1::StageVerdict stage;
  stage.set_name("one-way");
  *stage.mutable_start() = EncodeDuration(std::chrono::seconds(10));
  *stage.mutable_end() = EncodeDuration(std::chrono::seconds(30));
  for (const std::string& from : nodes) {
    for (const std::string& to : nodes) {
      if (from == to) continue;
      for (const v1::Family family : {v1::FAMILY_IPV4, v1::FAMILY_IPV6}) {
        v1::EdgeVerdict& edge = *stage.add_edges();
        edge.set_from(from);
        edge.set_to(to);
        edge.set_family(family);
        edge.set_planned_reachable(planned(from, to));
        edge.set_observed(planned(from, to) ? v1::REACH_OPEN : v1::REACH_CUT);
        edge.set_sent(12);
        edge.set_received(planned(from, to) ? 12 : 0);
      }
    }
  }
  stage.set_agrees(true);
  return stage;
}

// London's packets to Paris vanish.
inline v1::StageVerdict OneWayStage(int each) {
  return StageAsPlanned(LondonAndParis(each), [](const std::string& from, const std::string& to) {
    return !(IsLondon(from) && !IsLondon(to));
  });
}

inline v1::StageVerdict OpenStage(int each) {
  return StageAsPlanned(LondonAndParis(each), [](const std::string&, const std::string&) { return true; });
}

// The edge, to be changed; the stage then agrees or not by Refresh.
inline v1::EdgeVerdict& EdgeOf(v1::StageVerdict& stage, const std::string& from, const std::string& to,
                               v1::Family family) {
  for (v1::EdgeVerdict& edge : *stage.mutable_edges()) {
    if (edge.from() == from && edge.to() == to && edge.family() == family) return edge;
  }
  return *stage.add_edges();
}

// Plans an edge that is neither open nor cut, and has it so observed; refresh the stage's agreement yourself.
inline v1::EdgeVerdict& SetImpaired(v1::StageVerdict& stage, const std::string& from, const std::string& to,
                                    v1::Family family, Duration delay, double lost) {
  v1::EdgeVerdict& edge = EdgeOf(stage, from, to, family);
  edge.set_planned_reachable(true);
  edge.set_planned_share(1 - lost);
  *edge.mutable_planned_delay() = EncodeDuration(delay);
  *edge.mutable_observed_delay() = EncodeDuration(delay);
  edge.set_sent(100);
  edge.set_received(static_cast<std::uint32_t>(100 * (1 - lost) + 0.5));
  edge.set_observed(edge.received() >= 95 ? v1::REACH_OPEN : v1::REACH_LOSSY);
  edge.set_share(v1::JUDGEMENT_AS_PLANNED);
  edge.set_delay(v1::JUDGEMENT_AS_PLANNED);
  return edge;
}

// London's packets to Paris and back are late, and some are lost.
inline v1::StageVerdict FarStage(int each, Duration delay, double lost) {
  v1::StageVerdict stage = OpenStage(each);
  stage.set_name("far");
  for (const std::string& from : LondonAndParis(each)) {
    for (const std::string& to : LondonAndParis(each)) {
      if (IsLondon(from) == IsLondon(to)) continue;
      for (const v1::Family family : {v1::FAMILY_IPV4, v1::FAMILY_IPV6}) {
        SetImpaired(stage, from, to, family, delay, lost);
      }
    }
  }
  return stage;
}

inline void SetObserved(v1::StageVerdict& stage, const std::string& from, const std::string& to, v1::Family family,
                        v1::Reach observed, std::uint32_t received, std::uint32_t sent = 12) {
  v1::EdgeVerdict& edge = EdgeOf(stage, from, to, family);
  edge.set_observed(observed);
  edge.set_sent(sent);
  edge.set_received(received);
  stage.set_agrees(stage.agrees() && Agrees(edge));
}

}  // namespace faultline
