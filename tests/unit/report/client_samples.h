#pragma once

#include "controller/clients/operation_log.h"
#include "tests/unit/report/full_run.h"

namespace faultline {

inline WallTime SampleT0() { return WallTime(std::chrono::seconds(1'796'090'400)); }

// What two sides' clients did in FullRun, ten times a second: nothing is acknowledged in London from 12 s to 33.5 s,
// and Paris loses one write.
inline OperationLog SampleOperations() {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  OperationLog log(SampleT0());
  for (const char* side : {"london", "paris"}) {
    for (Duration at = -seconds(2); at < seconds(65); at += milliseconds(100)) {
      const bool dead = side[0] == 'l' && at >= seconds(12) && at < milliseconds(33'500);
      const ClientOperation operation = {
          .time = SampleT0() + at, .side = side, .acknowledged = !dead, .took = dead ? seconds(1) : milliseconds(4)};
      if (!log.Add(operation).ok()) std::abort();
    }
  }
  const bool kept =
      log.Add(ClientHappening{SampleT0() + milliseconds(33'400), "london", "leader lon-1 -> par-2"}).ok() &&
      log.Add(ClientHappening{SampleT0() + seconds(11), "", "leader lost"}).ok() &&
      log.Add(ClientAccounting{"london", 455, 455, 0, 2}).ok() &&
      log.Add(ClientAccounting{"paris", 670, 669, 1, 0}).ok();
  if (!kept) std::abort();
  return log;
}

}  // namespace faultline
