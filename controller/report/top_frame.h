#pragma once

#include <string>
#include <vector>

#include "controller/report/terminal_style.h"
#include "controller/report/top_state.h"

namespace faultline {

// The least window that has room for it.
inline constexpr std::size_t kLeastTopWidth = 60;
inline constexpr std::size_t kLeastTopHeight = 10;

// What `faultline top` shows in a window: at most `height` lines of at most `width` columns each, `style`'s own width
// being of no interest. From above: the fleet, the runs in progress, the steps of the chosen one, the edges by which
// packets do not plainly arrive. What there is no room for is counted. In a window that is too small one line says so.
// Names are tamed. Pure.
std::vector<std::string> TopFrame(const TopState& state, const TerminalStyle& style, std::size_t width,
                                  std::size_t height);

// The greatest sensible TopState::scrolled of that window: no edge is below the last line. Pure.
std::size_t MostScrolled(const TopState& state, const TerminalStyle& style, std::size_t width, std::size_t height);

// What of a state is worth a line in a log: runs and where they and their steps stand, nodes that are gone, edges that
// are harmed and how; no clock, no counter, no measured figure. Equal for states that differ in nothing else. Pure.
std::string TopGist(const TopState& state);

}  // namespace faultline
