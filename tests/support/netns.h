#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/unique_fd.h"
#include "tests/support/command.h"

namespace faultline::testing {

// A network namespace without a name: it goes with this object and the sockets in it.
class Netns {
 public:
  // A new one, with loopback up. Fails the test when the process may not make one.
  Netns();

  int fd() const { return fd_.get(); }
  // Where programs find it as a file ("ip link set eth0 netns <path>"), while this object lives.
  std::string path() const;
  // Command() inside of it.
  std::string Run(const std::string& words, const std::string& input = "") const;
  // What is configured inside: links, addresses, routes, qdiscs and nft rules, without counters.
  std::string State() const;

 private:
  UniqueFd fd_;
};

// The calling thread is inside of a namespace for as long as this lives.
class InNetns {
 public:
  explicit InNetns(const Netns& netns);
  ~InNetns();
  InNetns(const InNetns&) = delete;

 private:
  UniqueFd back_;
};

// Two namespaces joined by one wire, as in the scenario: "node" in London, whose kernel is tried, and "peer" in
// Paris. Each has it as eth0:
//   node 172.32.4.2, fd20::402        peer 172.33.11.90, fd21::b5a
// The peer also has 169.254.169.253 and fd00:ec2::253, as a cloud's DNS, to which node has routes. The thread stays
// on one CPU, so that packets of one test are never reordered. Skips, with the reason, where there is no permission.
//
// Every test proves its teardown: whatever the test did, the node's state must in the end be what it was after SetUp.
class NetnsTest : public ::testing::Test {
 protected:
  static constexpr char kNode4[] = "172.32.4.2";
  static constexpr char kNode6[] = "fd20::402";
  static constexpr char kPeer4[] = "172.33.11.90";
  static constexpr char kPeer6[] = "fd21::b5a";
  static constexpr char kService4[] = "169.254.169.253";
  static constexpr char kService6[] = "fd00:ec2::253";

  void SetUp() override;
  void TearDown() override;

  const Netns& node() const { return *node_; }
  const Netns& peer() const { return *peer_; }
  // The node's State() before the test.
  const std::string& before() const { return before_; }

 private:
  std::unique_ptr<Netns> node_;
  std::unique_ptr<Netns> peer_;
  std::string before_;
};

// The reason why this process cannot make network namespaces; empty when it can.
std::string WhyNoNetns();

// Joins two namespaces by a wire that is eth0 in both, with the addresses that NetnsTest has.
void Wire(const Netns& node, const Netns& peer);

}  // namespace faultline::testing
