#pragma once

#include "controller/clients/operation_log.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

inline constexpr int kMostClientPoints = 600;
inline constexpr int kMostClientStages = 2000;
// Least time a point stands for.
inline constexpr Duration kLeastClientPoint = std::chrono::seconds(1);
// Points are of no earlier time before T0, and of no later one after the run's last stage and its heal.
inline constexpr Duration kClientsBefore = std::chrono::seconds(30);
inline constexpr Duration kClientsAfter = std::chrono::seconds(60);

// Adds to the record of a run that was fired what clients did in it: in each stage, point by point, and after its last
// fault. A run that was ended early has one more stage from then on; the first one begins and the last one ends with
// the operations that are told of, as far as points may be; a warning says how many are further away. Times are as
// exact as the log's cells are wide. Pure. REQUIRES: the log's origin is the run's T0.
void AddClients(const OperationLog& log, v1::Run& run);

// Adds a warning for each observation of operations that printed something else: how many such lines, and what is amiss
// with the first.
void WarnOfBadLines(v1::Run& run);

}  // namespace faultline
