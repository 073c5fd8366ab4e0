#include "controller/report/link_series.h"

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/timeline_codec.h"
#include "controller/report/group_pairs.h"

namespace faultline {
namespace {

// Where the points are.
struct Points {
  ControllerTime start;
  Duration step{0};
  std::size_t count = 0;
};

Duration RoundUp(Duration time, Duration unit) { return (time + unit - Duration(1)) / unit * unit; }

// They begin where a window does, and hold whole windows.
Points PointsOf(const SeriesScope& scope, Duration window) {
  const ControllerTime start(RoundUp((scope.t0 + scope.from).time_since_epoch(), window));
  const Duration length = scope.t0 + scope.until - start;
  if (length <= Duration(0)) return {};
  const Duration step = RoundUp(std::max(kLeastPoint, length / kMostPoints), window);
  const auto count = std::min<Duration::rep>(length / step, kMostPoints);
  return {.start = start, .step = step, .count = static_cast<std::size_t>(count)};
}

class SeriesMaker {
 public:
  SeriesMaker(const SeriesScope& scope, const ProbeLog& log, v1::Run& run) : scope_(scope), log_(log), run_(run) {
    for (const ProbeNode& node : scope.nodes) nodes_[node.name.text()] = &node;
  }

  void Make() {
    const Points points = PointsOf(scope_, log_.window());
    if (points.count == 0) return;
    const std::vector<GroupPair> pairs = Choose();
    for (const GroupPair& pair : pairs) {
      for (const Family family : kFamilies) {
        if (HasEdges(pair, family)) Add(pair, family, points);
      }
    }
  }

 private:
  std::vector<GroupPair> Choose() {
    std::vector<GroupPair> pairs = GroupPairsOf(run_, kMostSeries);
    if (pairs.empty()) pairs = PairsOf(EachNode(), kMostSeries);
    if (!TooMany(pairs)) return pairs;
    pairs = PairsOf(Regions(), kMostSeries);
    if (!pairs.empty() && !TooMany(pairs)) return pairs;
    run_.add_warnings(absl::StrCat("the course of loss and delay was not kept: the run has more than ", kMostSeries,
                                   " links between groups, and regions do not make them fewer"));
    return {};
  }

  std::vector<v1::GroupMembers> EachNode() const {
    std::vector<v1::GroupMembers> groups;
    for (const ProbeNode& node : scope_.nodes) {
      v1::GroupMembers& group = groups.emplace_back();
      group.set_name(node.name.text());
      group.add_nodes(node.name.text());
    }
    return groups;
  }

  std::vector<v1::GroupMembers> Regions() const {
    std::map<std::string, v1::GroupMembers> groups;
    for (const auto& [node, region] : scope_.regions) {
      groups[region].set_name(region);
      groups[region].add_nodes(node);
    }
    std::vector<v1::GroupMembers> all;
    for (auto& [region, group] : groups) all.push_back(std::move(group));
    return all;
  }

  bool TooMany(const std::vector<GroupPair>& pairs) const {
    if (pairs.size() > kMostSeries) return true;
    std::size_t count = 0;
    for (const GroupPair& pair : pairs) {
      for (const Family family : kFamilies) count += HasEdges(pair, family) ? 1 : 0;
    }
    return count > kMostSeries;
  }

  bool HasEdges(const GroupPair& pair, Family family) const {
    const auto has = [&](const std::string& name) { return Has(name, family); };
    return std::ranges::any_of(pair.senders, has) && std::ranges::any_of(pair.receivers, has);
  }

  bool Has(const std::string& name, Family family) const {
    const auto node = nodes_.find(name);
    return node != nodes_.end() && node->second->Address(family).has_value();
  }

  // Of what the log knows: the pairs of nodes are many more.
  void Add(const GroupPair& pair, Family family, const Points& points) {
    const std::set<std::string> receivers(pair.receivers.begin(), pair.receivers.end());
    std::vector<ProbeSum> sums(points.count);
    for (const std::string& sender : pair.senders) {
      const NodeName from(sender);
      for (const NodeName& to : log_.Receivers(from, family)) {
        if (!receivers.contains(to.text())) continue;
        const ProbeEdge edge{.from = from, .to = to, .family = family};
        const std::vector<ProbeSum> more = log_.Sums(edge, points.start, points.step, points.count);
        for (std::size_t i = 0; i < points.count; ++i) sums[i].Add(more[i]);
      }
    }
    v1::LinkSeries& series = *run_.add_series();
    series.set_from(pair.from);
    series.set_to(pair.to);
    series.set_family(family == Family::kIpv4 ? v1::FAMILY_IPV4 : v1::FAMILY_IPV6);
    *series.mutable_start() = EncodeDuration(points.start - scope_.t0);
    *series.mutable_step() = EncodeDuration(points.step);
    for (const ProbeSum& sum : sums) {
      series.add_sent(sum.sent);
      series.add_received(sum.received);
      series.add_mean_delay_us(Microseconds(sum.MeanDelay()));
    }
  }

  static std::uint32_t Microseconds(std::optional<Duration> delay) {
    if (!delay) return 0;
    constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(*delay).count();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(microseconds, 1, kMost));
  }

  const SeriesScope& scope_;
  const ProbeLog& log_;
  v1::Run& run_;
  std::map<std::string, const ProbeNode*> nodes_;
};

}  // namespace

void AddSeries(const SeriesScope& scope, const ProbeLog& log, v1::Run& run) { SeriesMaker(scope, log, run).Make(); }

}  // namespace faultline
