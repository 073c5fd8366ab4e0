#pragma once

#include <string>

#include "faultline/v1/schedule.pb.h"

namespace faultline {

// Schedules and freezes for people. Tables end with a newline.
using Schedules = google::protobuf::RepeatedPtrField<v1::Schedule>;
using Freezes = google::protobuf::RepeatedPtrField<v1::Freeze>;

// "next at 2026-12-01 02:00:00 UTC", "paused", "never again".
std::string NextText(const v1::Schedule& schedule);
std::string RenderSchedules(const Schedules& schedules);
// A line each, as they stand in the list.
std::string RenderNext(const Schedules& schedules);
// Those that never begin come last.
bool BeginsEarlier(const v1::Schedule& a, const v1::Schedule& b);

// "from … to …", "for 12h from '0 20 * * *' Europe/London".
std::string WhenText(const v1::Freeze& freeze);
std::string RenderFreezes(const Freezes& freezes);

}  // namespace faultline
