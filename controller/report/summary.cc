#include "controller/report/summary.h"

#include <algorithm>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/report/figure_text.h"
#include "controller/report/run_words.h"
#include "controller/report/tcp_verdict.h"
#include "controller/report/tcp_words.h"

namespace faultline {
namespace {

using StageVerdicts = google::protobuf::RepeatedPtrField<v1::StageVerdict>;

std::string WhyUnknown(const v1::EdgeVerdict& edge) {
  if (edge.sent() == 0) return "no probe is known to have been sent";
  if (edge.sent() == 1) return "only 1 probe was sent, which is too few to tell";
  if (edge.observed() == v1::REACH_UNSPECIFIED) return "its receiver did not report throughout";
  return absl::StrCat("only ", edge.sent(), " probes were sent, which is too few to tell");
}

std::string WhatWasSeen(const v1::EdgeVerdict& edge) {
  if (IsUnknown(edge)) return WhyUnknown(edge);
  const std::string delay = absl::StrCat("had ", ShortDelay(DecodedOrZero(edge.observed_delay())), " of delay");
  const bool only_delay = edge.has_planned_share() && edge.share() == v1::JUDGEMENT_AS_PLANNED;
  if (only_delay) return delay;
  const std::string more = edge.delay() == v1::JUDGEMENT_OFF ? absl::StrCat(" and ", delay) : "";
  if (edge.received() == 0) return absl::StrCat("none of ", edge.sent(), " probes arrived");
  const bool fewer =
      edge.has_planned_share() ? edge.received() < edge.planned_share() * edge.sent() : edge.planned_reachable();
  return absl::StrCat(fewer ? "only " : "", edge.received(), " of ", edge.sent(), " probes arrived", more);
}

std::string WhatWasPlanned(const v1::EdgeVerdict& edge) {
  if (!edge.has_planned_share()) return edge.planned_reachable() ? "open" : "cut";
  std::vector<std::string> parts;
  const Duration delay = DecodedOrZero(edge.planned_delay());
  if (delay > Duration(0)) parts.push_back(absl::StrCat(ShortDelay(delay), " of delay"));
  if (edge.planned_share() < 1) parts.push_back(absl::StrCat(ShortShare(1 - edge.planned_share()), " of loss"));
  return parts.empty() ? "impaired but open" : absl::StrCat("with ", absl::StrJoin(parts, " and "));
}

std::string Plural(std::size_t count, absl::string_view noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

// All that is not as planned, the first of what is worst in words.
class Disagreements {
 public:
  explicit Disagreements(const StageVerdicts& stages) {
    for (const v1::StageVerdict& stage : stages) {
      for (const v1::EdgeVerdict& edge : stage.edges()) {
        if (!Agrees(edge)) Add(IsUnknown(edge) ? kUnknown : kWrong, stage, [&edge] { return DescribeEdge(edge); });
      }
      for (const v1::TcpVerdict& edge : stage.tcp()) {
        if (!Agrees(edge)) Add(kWrong, stage, [&edge] { return DescribeConnection(edge); });
      }
      if (!MetNothing(stage)) continue;
      Add(kMetNothing, stage, [] { return std::string("no packet met its faults, which no probe can see"); });
    }
  }

  std::size_t count() const { return count_; }
  // REQUIRES: there is one.
  const std::string& Worst() const { return text_; }

 private:
  enum Severity { kUnknown, kMetNothing, kWrong };

  void Add(Severity severity, const v1::StageVerdict& stage, absl::FunctionRef<std::string()> what) {
    if (count_++ > 0 && severity <= worst_) return;
    worst_ = severity;
    text_ = absl::StrCat(stage.name(), ": ", what());
  }

  std::size_t count_ = 0;
  Severity worst_ = kUnknown;
  std::string text_;
};

// How far the evidence goes.
std::string Caveats(const StageVerdicts& stages) {
  std::string text;
  const auto unseen = std::ranges::count_if(stages, [](const v1::StageVerdict& stage) { return stage.unseen(); });
  if (unseen > 0) {
    absl::StrAppend(&text, "; ", Plural(static_cast<std::size_t>(unseen), "stage"), " by packets that met the rules");
  }
  const auto late = std::ranges::count_if(stages, &v1::StageVerdict::has_observed_from);
  if (late > 0) {
    absl::StrAppend(&text, "; ", Plural(static_cast<std::size_t>(late), "stage"), " not from its beginning on");
  }
  if (std::ranges::any_of(stages, HasUnjudgedDelay)) {
    absl::StrAppend(&text, "; not every delay was judged: the baseline has none to compare with");
  }
  return text;
}

}  // namespace

std::string DescribeEdge(const v1::EdgeVerdict& edge) {
  return absl::StrCat(edge.from(), " → ", edge.to(), edge.family() == v1::FAMILY_IPV4 ? " (IPv4)" : " (IPv6)",
                      " was planned ", WhatWasPlanned(edge), " but ", WhatWasSeen(edge));
}

bool Agrees(const v1::EdgeVerdict& edge) {
  if (!edge.has_planned_share()) {
    return edge.observed() == (edge.planned_reachable() ? v1::REACH_OPEN : v1::REACH_CUT);
  }
  return !IsUnknown(edge) && edge.share() == v1::JUDGEMENT_AS_PLANNED && edge.delay() != v1::JUDGEMENT_OFF;
}

bool IsUnknown(const v1::EdgeVerdict& edge) {
  return edge.observed() == v1::REACH_UNSPECIFIED ||
         (edge.has_planned_share() && edge.share() == v1::JUDGEMENT_UNSPECIFIED);
}

bool HasUnjudgedDelay(const v1::StageVerdict& stage) {
  return std::ranges::any_of(stage.edges(), [](const v1::EdgeVerdict& edge) {
    return edge.has_planned_delay() && edge.received() > 0 && edge.delay() == v1::JUDGEMENT_UNSPECIFIED &&
           !IsUnknown(edge) && DecodedOrZero(edge.planned_delay()) > Duration(0);
  });
}

bool MetNothing(const v1::StageVerdict& stage) { return stage.unseen() && stage.has_matched() && stage.matched() == 0; }

std::string Summarize(const StageVerdicts& stages) {
  const Disagreements disagreements(stages);
  if (const std::size_t wrong = disagreements.count(); wrong > 0) {
    return absl::StrCat(disagreements.Worst(), wrong == 1 ? "" : absl::StrCat("; and ", wrong - 1, " more"));
  }
  std::size_t edges = 0;
  std::size_t unprobed = 0;
  std::size_t connections = 0;
  for (const v1::StageVerdict& stage : stages) {
    edges += static_cast<std::size_t>(stage.edges_size());
    unprobed += stage.unprobed_edges();
    connections += static_cast<std::size_t>(
        std::ranges::count_if(stage.tcp(), [](const v1::TcpVerdict& edge) { return !IsUnknown(edge); }));
  }
  if (stages.empty()) return "nothing was observed";
  if (edges == 0) return "nothing was observed: no two nodes can probe each other";
  return absl::StrCat("every observation equalled the plan: ", Plural(static_cast<std::size_t>(stages.size()), "stage"),
                      ", ", unprobed == 0 ? "" : absl::StrCat(edges, " of "), Plural(edges + unprobed, "edge"),
                      connections == 0 ? "" : absl::StrCat(", ", Plural(connections, "connection")), Caveats(stages));
}

}  // namespace faultline
