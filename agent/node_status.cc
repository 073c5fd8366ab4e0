#include "agent/node_status.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/json.h"

namespace faultline {
namespace {

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

void AddLeft(const std::optional<Duration>& left, JsonObject& object) {
  object.AddBool("in_force", left.has_value());
  if (left) object.AddNumber("heals_within_seconds", Seconds(*left));
}

std::string TextsJson(const std::vector<std::string>& texts) {
  std::vector<std::string> values;
  for (const std::string& text : texts) values.push_back(JsonText(text));
  return JsonList(values);
}

std::string AgentJson(const LocalAgent& agent) {
  JsonObject object;
  const bool absent = absl::IsNotFound(agent.status.status());
  object.AddText("state", agent.status.ok() ? "answers" : absent ? "absent" : "hangs");
  if (agent.pid) object.AddNumber("pid", *agent.pid);
  if (agent.status.ok()) {
    object.AddText("controller", agent.status->controller);
    object.AddBool("connected", agent.status->connected);
  }
  return object.text();
}

std::string StepJson(const StandingFaults::Step& step, const std::string& name) {
  JsonObject object;
  object.AddNumber("index", step.index);
  if (!name.empty()) object.AddText("name", name);
  AddLeft(step.left, object);
  return object.text();
}

std::string RunJson(const StandingFaults::Run& run, const LocalAgent& agent) {
  std::vector<std::string> steps;
  for (const StandingFaults::Step& step : run.steps) {
    steps.push_back(StepJson(step, NameOfStep(agent, run.id, step.index)));
  }
  JsonObject object;
  object.AddText("id", run.id.text());
  object.Add("interfaces", TextsJson(run.interfaces));
  AddLeft(run.left(), object);
  object.Add("steps", JsonList(steps));
  return object.text();
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
  if (!status.kernel.detoured.empty()) {
    absl::StrAppend(&text, "filters at clsact: ", absl::StrJoin(status.kernel.detoured, ", "), "\n");
  }
  return absl::StrCat(text, "`faultline-agent heal` ends and removes all of it now\n");
}

std::string StatusJson(const NodeStatus& status) {
  std::vector<std::string> runs;
  for (const StandingFaults::Run& run : status.kernel.runs) runs.push_back(RunJson(run, status.agent));
  JsonObject root;
  root.Add("agent", AgentJson(status.agent));
  root.Add("runs", JsonList(runs));
  root.Add("tables", TextsJson(status.kernel.tables));
  root.Add("devices", TextsJson(status.kernel.devices));
  root.Add("clsact", TextsJson(status.kernel.detoured));
  return root.text() + "\n";
}

}  // namespace faultline
