#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/prefix.h"
#include "controller/compile/membership.h"
#include "controller/plan/plan.h"

namespace faultline {

// Gathers, edge by edge, what a reader of the plan should know beside what is wrong with it.
class Advice {
 public:
  explicit Advice(std::vector<IpAddress> controller) : controller_(std::move(controller)) {}

  // The step acts on packets from one to the other.
  void Add(const PlanStep& step, const Membership& from, const Membership& to);

  // "the controller's address 10.0.0.5 is inside the fault of step 'split'; …"
  std::vector<std::string> Warnings() const;
  // "group 'dynamo' has no agent: the nodes of 'paris' act for it".
  std::vector<std::string> Notes() const;

 private:
  void AddController(const PlanStep& step, const Membership& from, const Membership& to);

  const std::vector<IpAddress> controller_;
  // Of the controller's, those that a node of a fault has as well.
  std::set<IpAddress> on_node_;
  // Names of steps, in the plan's order.
  std::map<IpAddress, std::vector<std::string>> cut_off_;
  // By the name of a group without an agent: those of the others.
  std::map<std::string, std::set<std::string>> acted_for_;
  // Groups between which packets pass whose both hosts have no agent.
  std::set<std::pair<std::string, std::string>> unwatched_;
};

}  // namespace faultline
