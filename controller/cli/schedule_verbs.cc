#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/duration.h"
#include "common/status.h"
#include "common/timeline_codec.h"
#include "controller/cli/call.h"
#include "controller/cli/moment.h"
#include "controller/cli/plan_source.h"
#include "controller/cli/schedule_text.h"
#include "controller/cli/verbs.h"
#include "controller/cli/wire_time.h"

namespace faultline {
namespace {

using Stub = v1::ControlService::Stub;

struct ScheduleArguments {
  PlanArguments plan;
  std::string name;
  std::string cron;
  std::string timezone = "UTC";
  std::string jitter;
  std::string until;
  bool queue = false;
};

absl::StatusOr<v1::AddScheduleRequest> ScheduleRequest(const ScheduleArguments& arguments) {
  v1::AddScheduleRequest request;
  v1::Schedule& schedule = *request.mutable_schedule();
  FAULTLINE_ASSIGN_OR_RETURN(*schedule.mutable_plan(), ReadPlanSource(arguments.plan));
  FAULTLINE_ASSIGN_OR_RETURN(const Plan plan, ParseSource(schedule.plan()));
  schedule.set_name(arguments.name.empty() ? plan.name : arguments.name);
  schedule.set_cron(arguments.cron);
  schedule.set_timezone(arguments.timezone);
  schedule.set_queue(arguments.queue);
  if (!arguments.jitter.empty()) {
    FAULTLINE_ASSIGN_OR_RETURN(const Duration jitter, ForOption("--jitter", ParseLength(arguments.jitter)));
    *schedule.mutable_jitter() = EncodeDuration(jitter);
  }
  if (!arguments.until.empty()) {
    FAULTLINE_ASSIGN_OR_RETURN(const absl::Time until, ForOption("--until", ParseMoment(arguments.until, absl::Now())));
    *schedule.mutable_until() = EncodeMoment(until);
  }
  return request;
}

ExitCode AddSchedule(const CommonArguments& common, const ScheduleArguments& arguments) {
  const absl::StatusOr<v1::AddScheduleRequest> request = ScheduleRequest(arguments);
  if (!request.ok()) return Fail(request.status());
  return CallAndPrint(common, &Stub::AddSchedule, *request, [](const v1::AddScheduleResponse& response) {
    return absl::StrCat(response.schedule().name(), ": ", NextText(response.schedule()), "\n");
  });
}

ExitCode PauseSchedule(const CommonArguments& common, const std::string& name, bool paused) {
  v1::PauseScheduleRequest request;
  request.set_name(name);
  request.set_paused(paused);
  return CallAndPrint(common, &Stub::PauseSchedule, request, [](const v1::PauseScheduleResponse& response) {
    return absl::StrCat(response.schedule().name(), ": ", NextText(response.schedule()), "\n");
  });
}

ExitCode RemoveSchedule(const CommonArguments& common, const std::string& name) {
  v1::RemoveScheduleRequest request;
  request.set_name(name);
  return CallAndPrint(common, &Stub::RemoveSchedule, request,
                      [&](const v1::RemoveScheduleResponse&) { return absl::StrCat(name, ": removed\n"); });
}

// All of them by when they begin next, or the one that is named.
ExitCode NextSchedules(const CommonArguments& common, const std::string& name) {
  const auto client = Connect(common);
  if (!client.ok()) return Fail(client.status());
  auto response = (*client)->Call<v1::ListSchedulesRequest, v1::ListSchedulesResponse>(&Stub::ListSchedules,
                                                                                       v1::ListSchedulesRequest());
  if (!response.ok()) return Fail(response.status());
  v1::ListSchedulesResponse due;
  for (v1::Schedule& schedule : *response->mutable_schedules()) {
    if (name.empty() || schedule.name() == name) *due.add_schedules() = std::move(schedule);
  }
  if (!name.empty() && due.schedules().empty()) {
    return Fail(absl::NotFoundError(absl::StrCat("no schedule '", name, "'; `faultline schedule list` has them all")));
  }
  std::stable_sort(due.mutable_schedules()->begin(), due.mutable_schedules()->end(), BeginsEarlier);
  std::cout << (common.json ? ToJson(due) : RenderNext(due.schedules()));
  return ExitCode::kOk;
}

void AddAdd(CommandLine& line, CLI::App& noun, const std::shared_ptr<ScheduleArguments>& arguments) {
  CLI::App& add = line.AddVerb(noun, "add", "Run a plan again and again",
                               "faultline schedule add split-brain --cron '0 2 * * 2' --timezone Europe/London "
                               "--jitter 10m --until 2027-01-01T00:00Z",
                               [&line, arguments] { return AddSchedule(line.common(), *arguments); });
  add.add_option("PLAN", arguments->plan.plan, "A file, or the name of one of `faultline plans`")
      ->required()
      ->type_name("PLAN");
  add.add_option("--cron", arguments->cron, "Minute, hour, day of month, month, day of week: '0 2 * * 2'")->required();
  add.add_option("--timezone", arguments->timezone, "Of --cron, such as Europe/London")->capture_default_str();
  add.add_option("--jitter", arguments->jitter, "Each run begins up to so much later, at random: 10m");
  add.add_option("--until", arguments->until, "Nothing begins after this moment: 2027-01-01T00:00Z");
  add.add_option("--name", arguments->name, "The schedule's name; otherwise the plan's");
  add.add_option("--set", arguments->plan.set, "NAME=VALUE: sets a variable of the plan; may be given again")
      ->expected(1)
      ->take_all();
  add.add_flag("--queue", arguments->queue, "Wait for runs on the same nodes to end, instead of being refused");
}

}  // namespace

void AddScheduleVerbs(CommandLine& line) {
  const auto arguments = std::make_shared<ScheduleArguments>();
  CLI::App& noun = line.AddNoun("schedule", "Plans that run by the calendar");
  AddAdd(line, noun, arguments);
  line.AddVerb(noun, "list", "Every schedule", "faultline schedule list --json", [&line] {
    return CallAndPrint(
        line.common(), &Stub::ListSchedules, v1::ListSchedulesRequest(),
        [](const v1::ListSchedulesResponse& response) { return RenderSchedules(response.schedules()); });
  });
  const auto named = [&](const std::string& verb, const std::string& help, CommandLine::Command command) {
    return line.AddVerb(noun, verb, help, absl::StrCat("faultline schedule ", verb, " split-brain"), std::move(command))
        .add_option("NAME", arguments->name, "The schedule");
  };
  named("pause", "Begin nothing until it is resumed", [&line, arguments] {
    return PauseSchedule(line.common(), arguments->name, true);
  })->required();
  named("resume", "Go on after a pause", [&line, arguments] {
    return PauseSchedule(line.common(), arguments->name, false);
  })->required();
  named("remove", "Forget a schedule; a run of it that has begun goes on", [&line, arguments] {
    return RemoveSchedule(line.common(), arguments->name);
  })->required();
  named("next", "When it begins next, or of all which is next",
        [&line, arguments] { return NextSchedules(line.common(), arguments->name); });
}

}  // namespace faultline
