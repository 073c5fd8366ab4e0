#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "tests/bench/cidr_program.h"
#include "tests/measure/table.h"

namespace faultline::bench {

// One way to have a kernel drop what comes from many CIDRs, in a namespace of its own. One thread at a time.
class Contender {
 public:
  // More CIDRs than `most` are not tried: they would tell nothing more, or take minutes.
  Contender(std::string name, std::size_t most) : name_(std::move(name)), most_(most) { AddDevice(netns_); }
  virtual ~Contender() = default;

  const std::string& name() const { return name_; }
  std::size_t most() const { return most_; }
  // Loads the rules for ManyPrefixes(cidrs), and takes them away again; the time of the loading alone. REQUIRES:
  // cidrs <= most().
  absl::StatusOr<Duration> Load(std::size_t cidrs);

 protected:
  virtual absl::StatusOr<Duration> DoLoad(std::size_t cidrs) = 0;
  const testing::Netns& netns() const { return netns_; }

 private:
  const std::string name_;
  const std::size_t most_;
  const testing::Netns netns_;
};

// How often each loads so many CIDRs.
struct Repetition {
  std::size_t cidrs = 0;
  int runs = 0;
};

// The tools, each as a whole process from its start to its end: nft -f of the rule set that is equal to ours,
// iptables-restore of both kinds, one iptables for each rule, ipset restore, and a program that does nothing. Those
// that do not work on this machine are named in the table's notes instead.
std::vector<std::unique_ptr<Contender>> Tools(measure::Table& table);

// A run with one step, as it is loaded.
CidrRun OneStep(std::size_t cidrs);

}  // namespace faultline::bench
