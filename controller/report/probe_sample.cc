#include "controller/report/probe_sample.h"

#include <algorithm>
#include <string>

#include "controller/compile/lot.h"

namespace faultline {
namespace {

class Sampler {
 public:
  Sampler(std::span<const NodeName> nodes, std::size_t most_peers, std::uint64_t seed)
      : nodes_(nodes.begin(), nodes.end()), most_peers_(most_peers), seed_(seed) {
    for (const NodeName& node : nodes_) pairs_[node];
  }

  // So that there are kFewestPairs between them.
  void Cover(const NodeGroup& a, const NodeGroup& b) {
    std::size_t pairs = CountPairs(a, b) / (&a == &b ? 2 : 1);
    const std::vector<NodeName> from = Drawn(a, "from");
    // In turn, so that not all hangs on one node.
    for (bool found = true; found && pairs < kFewestPairs;) {
      found = false;
      for (const NodeName& one : from) {
        if (pairs >= kFewestPairs) return;
        const std::vector<NodeName> to = Drawn(b, one.text());
        if (std::ranges::none_of(to, [&](const NodeName& other) { return Join(one, other); })) continue;
        ++pairs;
        found = true;
      }
    }
  }

  // So that every node has enough peers: the nearest ones on a ring of all, drawn by lot. One that comes or goes
  // changes the pairs on both sides of its place alone.
  void Fill() {
    const std::size_t enough = most_peers_ - most_peers_ / 5;
    const std::vector<NodeName> ring = Drawn(nodes_, "ring");
    for (std::size_t distance = 1; distance < ring.size(); ++distance) {
      bool wanting = false;
      for (std::size_t i = 0; i < ring.size(); ++i) {
        if (pairs_.at(ring[i]).size() >= enough) continue;
        wanting = true;
        const NodeName& other = ring[(i + distance) % ring.size()];
        if (pairs_.at(other).size() < enough || distance > most_peers_) Join(ring[i], other);
      }
      if (!wanting) return;
    }
  }

  ProbePairs Take() { return std::move(pairs_); }

 private:
  // Those that are there, in an order drawn by lot.
  std::vector<NodeName> Drawn(const auto& nodes, absl::string_view purpose) const {
    std::vector<absl::string_view> names;
    std::vector<NodeName> members;
    for (const NodeName& node : nodes) {
      if (!pairs_.contains(node)) continue;
      names.push_back(node.text());
      members.push_back(node);
    }
    std::vector<NodeName> drawn;
    for (const std::size_t place : DrawOrder(seed_, purpose, names)) drawn.push_back(members[place]);
    return drawn;
  }

  // False when they may not be paired, or are already.
  bool Join(const NodeName& one, const NodeName& other) {
    if (one == other) return false;
    ProbePeers& ones = pairs_.at(one);
    ProbePeers& others = pairs_.at(other);
    if (ones.size() >= most_peers_ || others.size() >= most_peers_ || !ones.insert(other).second) return false;
    others.insert(one);
    return true;
  }

  std::size_t CountPairs(const NodeGroup& a, const NodeGroup& b) const {
    std::size_t count = 0;
    for (const NodeName& from : a) {
      const auto peers = pairs_.find(from);
      if (peers == pairs_.end()) continue;
      count += static_cast<std::size_t>(
          std::ranges::count_if(peers->second, [&b](const NodeName& peer) { return b.contains(peer); }));
    }
    return count;
  }

  const std::vector<NodeName> nodes_;
  const std::size_t most_peers_;
  const std::uint64_t seed_;
  ProbePairs pairs_;
};

}  // namespace

ProbePairs SampleProbes(std::span<const NodeName> nodes, std::span<const std::vector<NodeGroup>> partings,
                        std::size_t most_peers, std::uint64_t seed) {
  Sampler sampler(nodes, most_peers, seed);
  for (auto groups = partings.rbegin(); groups != partings.rend(); ++groups) {
    for (auto a = groups->begin(); a != groups->end(); ++a) {
      for (auto b = a; b != groups->end(); ++b) sampler.Cover(*a, *b);
    }
  }
  sampler.Fill();
  return sampler.Take();
}

}  // namespace faultline
