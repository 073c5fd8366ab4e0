#pragma once

#include <string>

#include "faultline/v1/run.pb.h"

namespace faultline {

// A run in brief as GitHub's Markdown, for a pull request or a ticket: the verdict, its stages, its steps, what was not
// as planned, what clients saw, guards that failed, and what it was run with. Short whatever the size of the fleet.
std::string RenderMarkdown(const v1::Run& run);

}  // namespace faultline
