#pragma once

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <cstdint>

#include "faultline/v1/run.pb.h"

namespace faultline {

// When something last became of a run, as a column has it: the latest of when it was accepted, begun and over.
inline std::int64_t MomentOf(const v1::Run& run) {
  using google::protobuf::util::TimeUtil;
  std::int64_t moment = TimeUtil::TimestampToNanoseconds(run.created());
  if (run.has_started()) moment = std::max(moment, TimeUtil::TimestampToNanoseconds(run.started()));
  if (run.has_ended()) moment = std::max(moment, TimeUtil::TimestampToNanoseconds(run.ended()));
  return moment;
}

}  // namespace faultline
