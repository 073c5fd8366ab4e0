#pragma once

#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "common/prefix_set.h"
#include "common/timeline.h"
#include "controller/compile/enforcement.h"
#include "controller/compile/grudge.h"
#include "controller/compile/node_index.h"
#include "controller/plan/plan.h"

namespace faultline {

// Puts timelines together: every node's steps in order, every prefix set of a timeline stored once and numbered by
// first use, so that equal calls give equal timelines.
class Assembler {
 public:
  // `blank` has all of a timeline but node, steps and sets.
  Assembler(const Plan& plan, const NodeIndex& fleet, const Timeline& blank);

  // Adds the edge's blocks to the step at this position of the plan. The enforcement of an edge is read the first time
  // and remembered.
  void Add(std::size_t plan_step, const Edge& edge, const Enforcement& enforcement);
  // How many blocks there are, over all nodes.
  std::size_t blocks() const { return blocks_; }
  // By node name.
  std::vector<Timeline> Take() { return std::move(timelines_); }

 private:
  struct NodeBlock {
    std::size_t node = 0;
    Block block;
  };

  std::vector<NodeBlock> Number(const Enforcement& enforcement);
  SetIndex IndexOf(std::size_t node, const PrefixSet& set);

  // Where a step of the plan is in every timeline.
  std::vector<std::size_t> places_;
  std::vector<Timeline> timelines_;
  std::vector<std::map<PrefixSet, SetIndex>> set_indices_;
  std::map<Edge, std::vector<NodeBlock>> numbered_;
  std::size_t blocks_ = 0;
};

}  // namespace faultline
