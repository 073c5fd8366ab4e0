#pragma once

#include <string>
#include <vector>

#include "controller/report/terminal_style.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// Rows of a table, each with as many cells as there are headings.
struct WordTable {
  std::vector<std::string> headings;
  std::vector<std::vector<std::string>> rows;
};

// What clients saw of a run, for people; tables without rows when nothing of the kind is known. Texts are others' as
// they are.

// Of each stage and side: what was acknowledged, what failed, how long nothing was, when the first was, how long it
// took.
WordTable ClientStagesOf(const v1::Clients& clients);
// Of each side in all, and how long after the last fault's end the first operation was acknowledged.
WordTable ClientSidesOf(const v1::Clients& clients);
// "none lost", "none lost as far as told" or "1 990 LOST", and the figures. `all_told`: there is no doubt that it is
// all (ClientDoubtsOf).
WordTable AccountingsOf(const v1::Clients& clients, bool all_told);
// When, of which side, and what.
WordTable HappeningsOf(const v1::Clients& clients);

// How exact the figures are; empty when it is a tenth of a second or better.
std::string WidthText(const v1::Clients& clients);

// How a command's lines were taken: "1 200 operations, 3 happenings, 1 accounting; 2 lines not taken; line 17: …".
std::string OperationLinesText(const v1::OperationLines& lines);

// Two lines at most: the sides in brief, and what was lost (in all, when that was told, else of the sides together).
// Nothing when nothing is known. Ends with a newline unless empty.
std::string RenderClients(const v1::Run& run, const TerminalStyle& style);

}  // namespace faultline
