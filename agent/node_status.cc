#include "agent/node_status.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace faultline {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string ProcessText(const LocalAgent& agent) { return agent.pid ? absl::StrCat(", process ", *agent.pid) : ""; }

std::string AgentText(const LocalAgent& agent) {
  if (agent.status.ok()) {
    return absl::StrCat("agent: runs", ProcessText(agent),
                        agent.status->connected ? "; connected to controller " : "; without its controller ",
                        agent.status->controller);
  }
  if (absl::IsNotFound(agent.status.status())) return "agent: none runs";
  return absl::StrCat("agent: hangs", ProcessText(agent), ": ", agent.status.status().message());
}

// By which a plan calls it; empty when nobody knows.
std::string NameOfStep(const LocalAgent& agent, const RunId& run, StepIndex index) {
  if (!agent.status.ok()) return "";
  for (const LocalStatus::Step& step : agent.status->steps) {
    if (step.run == run && step.index == index) return step.name;
  }
  return "";
}

std::string LeftText(const std::optional<Duration>& left) {
  if (!left) return "not in force";
  return absl::StrFormat("heals by itself in %.1f s, enforced by the kernel", Seconds(*left));
}

void SetText(Struct& object, const std::string& key, const std::string& text) {
  (*object.mutable_fields())[key].set_string_value(text);
}

void SetLeft(Struct& object, const std::optional<Duration>& left) {
  (*object.mutable_fields())["in_force"].set_bool_value(left.has_value());
  if (left) (*object.mutable_fields())["heals_within_seconds"].set_number_value(Seconds(*left));
}

ListValue Texts(const std::vector<std::string>& texts) {
  ListValue list;
  for (const std::string& text : texts) list.add_values()->set_string_value(text);
  return list;
}

Struct AgentObject(const LocalAgent& agent) {
  Struct object;
  const bool absent = absl::IsNotFound(agent.status.status());
  SetText(object, "state", agent.status.ok() ? "answers" : absent ? "absent" : "hangs");
  if (agent.pid) (*object.mutable_fields())["pid"].set_number_value(*agent.pid);
  if (agent.status.ok()) {
    SetText(object, "controller", agent.status->controller);
    (*object.mutable_fields())["connected"].set_bool_value(agent.status->connected);
  }
  return object;
}

Struct RunObject(const StandingFaults::Run& run, const LocalAgent& agent) {
  Struct object;
  SetText(object, "id", run.id.text());
  *(*object.mutable_fields())["interfaces"].mutable_list_value() = Texts(run.interfaces);
  SetLeft(object, run.left());
  ListValue& steps = *(*object.mutable_fields())["steps"].mutable_list_value();
  for (const StandingFaults::Step& step : run.steps) {
    Struct& out = *steps.add_values()->mutable_struct_value();
    (*out.mutable_fields())["index"].set_number_value(step.index);
    if (const std::string name = NameOfStep(agent, run.id, step.index); !name.empty()) SetText(out, "name", name);
    SetLeft(out, step.left);
  }
  return object;
}

}  // namespace

std::string StatusText(const NodeStatus& status) {
  std::string text = absl::StrCat(AgentText(status.agent), "\n");
  if (status.kernel.empty()) return absl::StrCat(text, "nothing of faultline is in this kernel\n");
  for (const StandingFaults::Run& run : status.kernel.runs) {
    absl::StrAppend(&text, "run ", run.id.text(), " on ", absl::StrJoin(run.interfaces, ", "), ": ",
                    LeftText(run.left()), "\n");
    for (const StandingFaults::Step& step : run.steps) {
      const std::string name = NameOfStep(status.agent, run.id, step.index);
      absl::StrAppend(&text, "  step ", step.index, name.empty() ? "" : " ", name, ": ", LeftText(step.left), "\n");
    }
  }
  if (status.kernel.runs.empty()) absl::StrAppend(&text, "what is left of an earlier run acts on nothing\n");
  if (!status.kernel.devices.empty()) {
    absl::StrAppend(&text, "devices: ", absl::StrJoin(status.kernel.devices, ", "), "\n");
  }
  return absl::StrCat(text, "`faultline-agent heal` ends and removes all of it now\n");
}

std::string StatusJson(const NodeStatus& status) {
  Struct root;
  *(*root.mutable_fields())["agent"].mutable_struct_value() = AgentObject(status.agent);
  ListValue& runs = *(*root.mutable_fields())["runs"].mutable_list_value();
  for (const StandingFaults::Run& run : status.kernel.runs) {
    *runs.add_values()->mutable_struct_value() = RunObject(run, status.agent);
  }
  *(*root.mutable_fields())["tables"].mutable_list_value() = Texts(status.kernel.tables);
  *(*root.mutable_fields())["devices"].mutable_list_value() = Texts(status.kernel.devices);
  std::string json;
  // Only text that is not UTF-8 fails, which no name of ours has; a foreign one in our table might.
  const auto printed = google::protobuf::util::MessageToJsonString(root, &json);
  return printed.ok() ? absl::StrCat(json, "\n") : "{}\n";
}

}  // namespace faultline
