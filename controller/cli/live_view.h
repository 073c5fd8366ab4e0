#pragma once

#include <string>
#include <vector>

#include "controller/cli/exit_code.h"
#include "controller/cli/fleet_poller.h"
#include "controller/cli/key_reader.h"
#include "controller/cli/terminal.h"
#include "controller/report/terminal_style.h"

namespace faultline {

// Where a view is shown.
struct LiveWindow {
  TerminalStyle style;
  // On paper, which has no end, the height is kEndless.
  TerminalSize size;

  static constexpr std::size_t kEndless = 1'000'000;
};

// Something a person looks at while it changes. Called by one thread.
class LiveView {
 public:
  virtual ~LiveView() = default;

  // What the controller says now. Whether that is worth being printed where nothing can be drawn over.
  virtual bool Take(FleetSnapshot snapshot) = 0;
  // Its lines; nothing has been taken yet at first. In a window none is wider or higher.
  virtual std::vector<std::string> Frame(const LiveWindow& window) = 0;
  // Any but kQuit.
  virtual void OnKey(Key key, const LiveWindow& window) = 0;
};

struct LiveOptions {
  FleetPoller::Options poll;
  // How the controller is called.
  std::string controller;
  Security security;
  // Never draw, even on a terminal.
  bool paper = false;
};

// Shows the view until the person has seen enough (q, or Ctrl-C and its like; also when nobody reads any more): kOk. On
// a terminal that can be drawn on it is redrawn in place, whatever its size becomes, and the terminal is given back as
// it was on every way out. Elsewhere each change is printed, below the one before. When the controller does not answer
// the view says so, and gives up after 10 s: kUnreachable.
ExitCode ShowLive(LiveView& view, const LiveOptions& options);

}  // namespace faultline
