#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "controller/report/terminal_style.h"
#include "controller/report/top_state.h"

namespace faultline {

// A part of what `faultline top` shows: a line above, and rows of which some may not fit. Spelled and tamed.
struct TopBlock {
  std::string head;
  std::vector<std::string> rows;
  // The row that is to be seen when not all fit.
  std::size_t focus = 0;
};

// The fleet: two or three lines, the last of nodes that are gone.
std::vector<std::string> FleetLines(const TopState& state, const TerminalStyle& style, std::size_t width);

TopBlock RunsBlock(const TopState& state, const TerminalStyle& style);

// Of the chosen run; no head when there is none.
TopBlock StepsBlock(const TopState& state, const TerminalStyle& style);

// With a history as wide as there is room for.
TopBlock EdgesBlock(const TopState& state, const TerminalStyle& style, std::size_t width);

// The run whose steps are shown; null when there is none.
const TopRun* ChosenRun(const TopState& state);

// What others wrote, as it can be shown.
std::string ShownName(const std::string& name, const TerminalStyle& style);

// The rows as a table, the first of them its head.
TopBlock TableBlock(const std::vector<std::vector<std::string>>& rows);

}  // namespace faultline
