#include "controller/report/tcp_words.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/timeline_codec.h"
#include "controller/report/figure_text.h"
#include "controller/report/run_words.h"
#include "controller/report/tcp_verdict.h"

namespace faultline {

std::string PlannedText(const v1::TcpVerdict& edge) {
  if (!edge.has_planned_share()) return edge.planned_reachable() ? "open" : edge.planned_refused() ? "refused" : "cut";
  std::vector<std::string> parts;
  const Duration delay = Decoded(edge.planned_delay()).value_or(Duration(0));
  if (delay > Duration(0)) parts.push_back(absl::StrCat(ShortDelay(delay), " of delay"));
  if (edge.planned_share() < 1) parts.push_back(absl::StrCat(ShortShare(1 - edge.planned_share()), " of loss"));
  return parts.empty() ? "impaired but open" : absl::StrCat("with ", absl::StrJoin(parts, " and "));
}

std::string AttemptsText(const v1::TcpVerdict& edge) {
  std::vector<std::string> parts;
  const auto add = [&parts](std::uint32_t count, absl::string_view what) {
    if (count > 0) parts.push_back(absl::StrCat(count, " ", what));
  };
  add(edge.connected(), "connected");
  add(edge.refused(), "refused");
  add(edge.timed_out(), "timed out");
  add(edge.unreachable(), "unreachable");
  return parts.empty() ? "no attempt" : absl::StrJoin(parts, ", ");
}

std::string DescribeConnection(const v1::TcpVerdict& edge) {
  std::string text = absl::StrCat(edge.from(), " → ", edge.to(), " port ", edge.port(), " (", WordOf(edge.family()),
                                  ") was planned ", PlannedText(edge), " but of its attempts ", AttemptsText(edge));
  if (edge.delay() == v1::JUDGEMENT_OFF) {
    absl::StrAppend(&text, ", with ", ShortDelay(Decoded(edge.observed_delay()).value_or(Duration(0))), " of delay");
  }
  return text;
}

int WrongConnections(const v1::StageVerdict& stage) {
  return static_cast<int>(std::ranges::count_if(stage.tcp(), [](const v1::TcpVerdict& edge) { return !Agrees(edge); }));
}

std::string TcpGroup::Result() const {
  if (wrong > 0) return absl::StrCat("NOT as planned: ", wrong);
  if (unknown == connections) return "not known";
  return unknown == 0 ? "as planned" : absl::StrCat("as planned; ", unknown, " not known");
}

std::vector<TcpGroup> TcpGroupsOf(const v1::StageVerdict& stage) {
  std::vector<TcpGroup> groups;
  for (const v1::TcpVerdict& edge : stage.tcp()) {
    const std::string planned = PlannedText(edge);
    auto group = std::ranges::find_if(
        groups, [&](const TcpGroup& known) { return known.port == edge.port() && known.planned == planned; });
    if (group == groups.end()) group = groups.insert(group, {.port = edge.port(), .planned = planned});
    ++group->connections;
    if (!Agrees(edge)) ++group->wrong;
    if (IsUnknown(edge)) ++group->unknown;
    v1::TcpVerdict& all = group->attempts;
    all.set_connected(all.connected() + edge.connected());
    all.set_refused(all.refused() + edge.refused());
    all.set_timed_out(all.timed_out() + edge.timed_out());
    all.set_unreachable(all.unreachable() + edge.unreachable());
  }
  std::ranges::stable_sort(groups, {}, &TcpGroup::port);
  return groups;
}

}  // namespace faultline
