#pragma once

#include <string>

#include "controller/report/terminal_style.h"
#include "faultline/v1/control.pb.h"
#include "google/protobuf/message.h"

namespace faultline {

// What standard output is: width and, unless NO_COLOR is set or TERM is "dumb", colours for a terminal; plain for a
// file.
TerminalStyle StyleOfStdout();
bool StdoutIsTerminal();

// A message as one line of JSON, with the proto's own field names and every field present.
std::string ToJson(const google::protobuf::Message& message);

// Tables for people; each ends with a newline.
std::string RenderNodes(const v1::ListNodesResponse& response);
// With what EC2 says of each: a row for each of its interfaces.
std::string RenderEc2(const v1::ListNodesResponse& response);
std::string RenderRuns(const v1::ListRunsResponse& response);
// What is told of a run that was ended while observations at its end are taken; a line.
std::string RenderObserving(const std::string& run_id);

}  // namespace faultline
