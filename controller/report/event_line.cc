#include "controller/report/event_line.h"

#include "absl/strings/str_cat.h"
#include "controller/report/markup.h"
#include "controller/report/run_words.h"

namespace faultline {
namespace {

void Append(absl::string_view name, absl::string_view json, std::string& members) {
  absl::StrAppend(&members, members.empty() ? "" : ", ", "\"", name, "\": ", json);
}

void AppendText(absl::string_view name, const std::string& value, std::string& members) {
  if (!value.empty()) Append(name, JsonString(value), members);
}

}  // namespace

std::string NameOf(v1::EventKind kind) {
  return v1::EventKind_IsValid(kind) ? NameOf(v1::EventKind_Name(kind), "EVENT_KIND_") : "other";
}

bool IsTrouble(v1::EventKind kind) {
  switch (kind) {
    case v1::EVENT_KIND_NODE_LOST:
    case v1::EVENT_KIND_LEASE_LOST:
    case v1::EVENT_KIND_GUARD_FAILED:
    case v1::EVENT_KIND_FOREIGN_CHANGE:
    case v1::EVENT_KIND_OBSERVATIONS_DROPPED:
      return true;
    default:
      return false;
  }
}

std::string RenderLine(const EventLine& line) {
  std::string members;
  if (line.number) Append("number", absl::StrCat(*line.number), members);
  if (line.time) AppendText("time", Rfc3339(*line.time), members);
  AppendText("run", line.run, members);
  AppendText("kind", NameOf(line.kind), members);
  if (line.at) Append("at_s", ExactText(*line.at, std::chrono::seconds(1)), members);
  AppendText("node", line.node, members);
  AppendText("step", line.step, members);
  AppendText("stage", line.stage, members);
  for (const auto& [name, json] : line.fields) Append(name, json, members);
  return absl::StrCat("{", members, "}\n");
}

}  // namespace faultline
