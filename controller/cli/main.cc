#include <csignal>

#include "common/rpc/grpc_log.h"
#include "controller/cli/verbs.h"

int main(int argc, char** argv) {
  // A pipe that closes early must not end the following of a run.
  signal(SIGPIPE, SIG_IGN);
  // Why a connection fails, the command itself says.
  faultline::SendGrpcLogTo([](absl::string_view) {});
  faultline::CommandLine line;
  faultline::AddPlanVerbs(line);
  faultline::AddRunVerbs(line);
  faultline::AddReportVerbs(line);
  faultline::AddFaultVerbs(line);
  faultline::AddScheduleVerbs(line);
  faultline::AddFreezeVerbs(line);
  faultline::AddEventVerbs(line);
  faultline::AddAuditVerbs(line);
  faultline::AddFleetVerbs(line);
  AddDoctorVerb(line);
  faultline::AddMatrixVerb(line);
  faultline::AddTopVerb(line);
  faultline::AddIdentityVerbs(line);
  faultline::AddLoginVerbs(line);
  faultline::AddPkiVerbs(line);
  return line.Run(argc, argv);
}
