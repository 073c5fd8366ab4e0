#pragma once

#include <string>

#include "faultline/v1/run.pb.h"

namespace faultline {

// A run as JUnit's XML, for CI systems to gate on: one testsuite named after the plan, times in seconds, its timestamp
// in UTC. Its test cases:
//  * "run": an error when the run was refused, missed or is not over; a failure when it ended early or is not verified;
//  * each stage: a failure that names the edges that were not as planned; skipped when it was never observed;
//  * each expectation in each of its stages: a failure when it was not met, or too little is known;
//  * each guard: a failure when a check failed, but in a verified run: there it was only to note it.
std::string RenderJunit(const v1::Run& run);

}  // namespace faultline
