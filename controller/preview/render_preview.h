#pragma once

#include <string>

#include "controller/report/terminal_style.h"
#include "faultline/v1/preview.pb.h"

namespace faultline {

// A preview for people: the timeline as bars, what each step does, who the groups are, each node's rules in words, the
// protected traffic among them, who would reach whom in each stage, warnings and notes. Ends with a newline.
std::string RenderPreview(const v1::PreviewPlanResponse& preview, const TerminalStyle& style);

// Its nodes' rules in nft's words, node after node, with comments; `node`: only that one's, unless empty. All of it is
// one text that `nft -f` would read, if one host were all nodes.
std::string RenderNftRules(const v1::PreviewPlanResponse& preview, const std::string& node);

}  // namespace faultline
