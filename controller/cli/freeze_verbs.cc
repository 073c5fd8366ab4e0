#include <memory>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "common/timeline_codec.h"
#include "controller/cli/call.h"
#include "controller/cli/moment.h"
#include "controller/cli/schedule_text.h"
#include "controller/cli/verbs.h"
#include "controller/cli/wire_time.h"

namespace faultline {
namespace {

using Stub = v1::ControlService::Stub;

struct FreezeArguments {
  std::string name;
  std::string from;
  std::string to;
  std::string cron;
  std::string timezone;
  std::string length;
};

absl::Status FillOnce(const FreezeArguments& arguments, v1::Freeze& freeze) {
  const absl::Time now = absl::Now();
  FAULTLINE_ASSIGN_OR_RETURN(const absl::Time from,
                             ForOption("--from", ParseMoment(arguments.from.empty() ? "+0s" : arguments.from, now)));
  FAULTLINE_ASSIGN_OR_RETURN(const absl::Time to, ForOption("--to", ParseMoment(arguments.to, now)));
  if (to <= from) return absl::InvalidArgumentError("--to: expected a moment after --from");
  *freeze.mutable_from() = EncodeMoment(from);
  *freeze.mutable_to() = EncodeMoment(to);
  return absl::OkStatus();
}

absl::Status FillAgain(const FreezeArguments& arguments, v1::Freeze& freeze) {
  if (arguments.length.empty()) return absl::InvalidArgumentError("--cron needs --length, such as 12h");
  FAULTLINE_ASSIGN_OR_RETURN(const Duration length, ForOption("--length", ParseLength(arguments.length)));
  freeze.set_cron(arguments.cron);
  freeze.set_timezone(arguments.timezone.empty() ? "UTC" : arguments.timezone);
  *freeze.mutable_length() = EncodeDuration(length);
  return absl::OkStatus();
}

absl::StatusOr<v1::AddFreezeRequest> FreezeRequest(const FreezeArguments& arguments) {
  v1::AddFreezeRequest request;
  v1::Freeze& freeze = *request.mutable_freeze();
  freeze.set_name(arguments.name);
  const bool once = !arguments.to.empty() && arguments.cron.empty() && arguments.length.empty();
  const bool again = !arguments.cron.empty() && arguments.from.empty() && arguments.to.empty();
  if (!once && !again) {
    return absl::InvalidArgumentError(
        "a freeze is either once, with --to and perhaps --from, or again and again, with "
        "--cron and --length");
  }
  FAULTLINE_RETURN_IF_ERROR(once ? FillOnce(arguments, freeze) : FillAgain(arguments, freeze));
  return request;
}

ExitCode AddFreeze(const CommonArguments& common, const FreezeArguments& arguments) {
  const absl::StatusOr<v1::AddFreezeRequest> request = FreezeRequest(arguments);
  if (!request.ok()) return Fail(request.status());
  return CallAndPrint(common, &Stub::AddFreeze, *request, [&](const v1::AddFreezeResponse&) {
    return absl::StrCat(arguments.name, ": nothing begins ", WhenText(request->freeze()), "\n");
  });
}

ExitCode RemoveFreeze(const CommonArguments& common, const std::string& name) {
  v1::RemoveFreezeRequest request;
  request.set_name(name);
  return CallAndPrint(common, &Stub::RemoveFreeze, request,
                      [&](const v1::RemoveFreezeResponse&) { return absl::StrCat(name, ": removed\n"); });
}

}  // namespace

void AddFreezeVerbs(CommandLine& line) {
  const auto arguments = std::make_shared<FreezeArguments>();
  CLI::App& noun = line.AddNoun("freeze", "Times in which no run begins");
  CLI::App& add = line.AddVerb(noun, "add", "Name a time in which no run begins",
                               "faultline freeze add christmas --from 2026-12-24T00:00Z --to 2026-12-27T00:00Z\n"
                               "         faultline freeze add nights --cron '0 20 * * *' --timezone Europe/London "
                               "--length 12h",
                               [&line, arguments] { return AddFreeze(line.common(), *arguments); });
  add.add_option("NAME", arguments->name, "The freeze")->required();
  add.add_option("--from", arguments->from, "Its first moment: 2026-12-24T00:00Z; otherwise now");
  add.add_option("--to", arguments->to, "Its end: 2026-12-27T00:00Z, +2h");
  add.add_option("--cron", arguments->cron, "Again and again, it begins then: '0 20 * * *'");
  add.add_option("--timezone", arguments->timezone, "Of --cron, such as Europe/London; otherwise UTC");
  add.add_option("--length", arguments->length, "How long each one lasts: 12h");
  line.AddVerb(noun, "list", "Every freeze", "faultline freeze list --json", [&line] {
    return CallAndPrint(line.common(), &Stub::ListFreezes, v1::ListFreezesRequest(),
                        [](const v1::ListFreezesResponse& response) { return RenderFreezes(response.freezes()); });
  });
  line.AddVerb(noun, "remove", "Forget a freeze", "faultline freeze remove christmas",
               [&line, arguments] { return RemoveFreeze(line.common(), arguments->name); })
      .add_option("NAME", arguments->name, "The freeze")
      ->required();
}

}  // namespace faultline
