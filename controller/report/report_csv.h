#pragma once

#include <string>

#include "faultline/v1/run.pb.h"

namespace faultline {

// A run's figures as CSV (RFC 4180, but for lines that end with a newline alone): a line of headings, then one row per
// stage and edge. Times and delays are in decimals of the unit that the heading names; what is absent is empty.
std::string RenderCsv(const v1::Run& run);

}  // namespace faultline
