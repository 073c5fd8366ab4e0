#include "controller/report/burst_log.h"

#include <algorithm>

namespace faultline {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kFewestMarks = 3;

void SetMarks(const std::string& bytes, std::vector<bool>& marks) {
  for (std::size_t i = 0; i < marks.size() && i / 8 < bytes.size(); ++i) {
    if ((static_cast<unsigned char>(bytes[i / 8]) >> (i % 8) & 1U) != 0) marks[i] = true;
  }
}

// The milliseconds with probes, in order, and of each whether one arrived.
std::vector<std::pair<std::size_t, bool>> Probed(const ProbeMarks& marks) {
  std::vector<std::pair<std::size_t, bool>> probed;
  for (std::size_t i = 0; i < marks.sent.size(); ++i) {
    if (marks.sent[i] || marks.received[i]) probed.emplace_back(i, marks.received[i]);
  }
  return probed;
}

}  // namespace

std::optional<TurningPoint> FindTurningPoint(const ProbeMarks& marks, bool to_cut) {
  std::vector<std::pair<std::size_t, bool>> probed = Probed(marks);
  if (!to_cut) std::ranges::reverse(probed);
  const auto arrived = [](const auto& mark) { return mark.second; };
  // Of the open side, the one that lies next to the cut.
  const auto last = std::find_if(probed.rbegin(), probed.rend(), arrived);
  const auto open = static_cast<std::size_t>(probed.rend() - last);
  const std::size_t cut = probed.size() - open;
  if (open < kFewestMarks || cut < kFewestMarks) return std::nullopt;
  const auto arrivals = static_cast<std::size_t>(std::ranges::count_if(probed, arrived));
  if ((open - arrivals) * 10 > open) return std::nullopt;
  const std::size_t here = probed[open - 1].first;
  const std::size_t there = probed[open].first;
  return TurningPoint{.earliest = milliseconds(std::min(here, there)),
                      .latest = milliseconds(std::max(here, there) + 1)};
}

void BurstLog::Expect(const std::string& run_id, std::span<const Boundary> boundaries) {
  Bursts bursts;
  for (const Boundary& boundary : boundaries) {
    std::map<ProbeEdge, ProbeMarks>& edges = bursts.emplace_back();
    const std::vector<bool> none(static_cast<std::size_t>(boundary.length / milliseconds(1)));
    for (const BoundaryEdge& edge : boundary.edges) edges[edge.edge] = {.sent = none, .received = none};
  }
  const std::lock_guard lock(mutex_);
  runs_[run_id] = std::move(bursts);
}

void BurstLog::Forget(const std::string& run_id) {
  const std::lock_guard lock(mutex_);
  runs_.erase(run_id);
}

void BurstLog::Add(const NodeName& reporter, const v1::Observation& observation) {
  const std::lock_guard lock(mutex_);
  for (const v1::BurstMarks& noted : observation.bursts()) {
    const auto run = runs_.find(noted.run_id());
    if (run == runs_.end() || noted.burst() >= run->second.size()) continue;
    std::map<ProbeEdge, ProbeMarks>& edges = run->second[noted.burst()];
    const NodeName peer(noted.peer());
    const Family family = noted.family() == v1::FAMILY_IPV4 ? Family::kIpv4 : Family::kIpv6;
    const auto outward = edges.find({.from = reporter, .to = peer, .family = family});
    if (outward != edges.end()) SetMarks(noted.sent(), outward->second.sent);
    const auto inward = edges.find({.from = peer, .to = reporter, .family = family});
    if (inward != edges.end()) SetMarks(noted.received(), inward->second.received);
  }
}

ProbeMarks BurstLog::MarksOf(const std::string& run_id, std::size_t boundary, const ProbeEdge& edge) const {
  const std::lock_guard lock(mutex_);
  const auto run = runs_.find(run_id);
  if (run == runs_.end() || boundary >= run->second.size()) return {};
  const auto found = run->second[boundary].find(edge);
  return found == run->second[boundary].end() ? ProbeMarks() : found->second;
}

}  // namespace faultline
