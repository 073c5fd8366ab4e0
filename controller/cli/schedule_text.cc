#include "controller/cli/schedule_text.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "common/duration.h"
#include "common/timeline_codec.h"
#include "controller/cli/moment.h"
#include "controller/cli/wire_time.h"
#include "controller/report/text_table.h"

namespace faultline {
namespace {

std::string LengthText(const google::protobuf::Duration& message) {
  return FormatDuration(DecodeDuration(message).value_or(Duration(0)));
}

std::string CronText(const std::string& cron, const std::string& timezone) {
  return Tame(absl::StrCat("'", cron, "' ", timezone));
}

}  // namespace

std::string NextText(const v1::Schedule& schedule) {
  if (schedule.paused()) return "paused";
  if (!schedule.has_next()) return "never again";
  return absl::StrCat("next at ", FormatMoment(DecodeMoment(schedule.next())));
}

std::string RenderSchedules(const Schedules& schedules) {
  if (schedules.empty()) return "no schedule yet\n";
  std::vector<std::vector<std::string>> rows = {{"SCHEDULE", "CRON", "JITTER", "UNTIL", "NEXT", "LAST RUN"}};
  for (const v1::Schedule& schedule : schedules) {
    rows.push_back({Tame(schedule.name()), CronText(schedule.cron(), schedule.timezone()),
                    schedule.has_jitter() ? LengthText(schedule.jitter()) : "-",
                    schedule.has_until() ? FormatMoment(DecodeMoment(schedule.until())) : "-", NextText(schedule),
                    schedule.last_run().empty() ? "-" : Tame(schedule.last_run())});
  }
  return FormatTable(rows, 0);
}

std::string RenderNext(const Schedules& schedules) {
  if (schedules.empty()) return "no schedule yet\n";
  std::vector<std::vector<std::string>> rows;
  for (const v1::Schedule& schedule : schedules) rows.push_back({NextText(schedule), Tame(schedule.name())});
  return FormatTable(rows, 0);
}

bool BeginsEarlier(const v1::Schedule& a, const v1::Schedule& b) {
  const bool a_begins = a.has_next() && !a.paused();
  const bool b_begins = b.has_next() && !b.paused();
  if (!a_begins || !b_begins) return a_begins && !b_begins;
  return DecodeMoment(a.next()) < DecodeMoment(b.next());
}

std::string WhenText(const v1::Freeze& freeze) {
  if (!freeze.cron().empty()) {
    return absl::StrCat("for ", LengthText(freeze.length()), " from ", CronText(freeze.cron(), freeze.timezone()));
  }
  return absl::StrCat("from ", FormatMoment(DecodeMoment(freeze.from())), " to ",
                      FormatMoment(DecodeMoment(freeze.to())));
}

std::string RenderFreezes(const Freezes& freezes) {
  if (freezes.empty()) return "no freeze: runs may begin at any time\n";
  std::vector<std::vector<std::string>> rows = {{"FREEZE", "NOTHING BEGINS"}};
  for (const v1::Freeze& freeze : freezes) rows.push_back({Tame(freeze.name()), WhenText(freeze)});
  return FormatTable(rows, 0);
}

}  // namespace faultline
