#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "controller/report/edge_history.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// A node of the fleet.
struct TopNode {
  std::string name;
  bool connected = false;
  // Error bound of its clock against the controller's. Absent when it is not known.
  std::optional<Duration> clock_error;
};

// A run that is not over.
struct TopRun {
  v1::Run run;
  // Since T0, at the moment of the state; absent when there is none yet.
  std::optional<Duration> elapsed;
};

// All that `faultline top` shows. A value.
struct TopState {
  // What the controller said last, and when by this machine's clock.
  WallTime now;
  // How it is called.
  std::string controller;
  std::vector<TopNode> nodes;
  std::vector<TopRun> runs;
  // The live matrix.
  v1::StageVerdict matrix;
  EdgeHistory history;

  // What the person looking wants to see: the run whose steps are shown, by its id (the first, if there is none such),
  // how many of the edges are scrolled away, and whether help is shown instead of all that.
  std::string chosen_run;
  std::size_t scrolled = 0;
  bool help = false;
  // Whether keys can be pressed, and so are named in the last line.
  bool keys = true;
};

}  // namespace faultline
