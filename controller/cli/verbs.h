#pragma once

#include "controller/cli/command_line.h"

namespace faultline {

// Each adds the verbs of one noun, which live as long as `line`.

// plan check, preview, diff, security-groups, schema; plans, plans show.
void AddPlanVerbs(CommandLine& line);
// run, approve, abort, runs, show.
void AddRunVerbs(CommandLine& line);
// report, compare.
void AddReportVerbs(CommandLine& line);
// block, partition, flap, impair.
void AddFaultVerbs(CommandLine& line);
// schedule add, list, pause, resume, remove, next.
void AddScheduleVerbs(CommandLine& line);
// freeze add, list, remove.
void AddFreezeVerbs(CommandLine& line);
// events.
void AddEventVerbs(CommandLine& line);
// audit verify, list.
void AddAuditVerbs(CommandLine& line);
// nodes, heal.
void AddFleetVerbs(CommandLine& line);
// doctor.
void AddDoctorVerb(CommandLine& line);
// token create, list, remove; node list, revoke; user list, role, remove.
void AddIdentityVerbs(CommandLine& line);
// login; context list, use.
void AddLoginVerbs(CommandLine& line);
// pki init, issue-node, issue-user.
void AddPkiVerbs(CommandLine& line);
void AddMatrixVerb(CommandLine& line);
void AddTopVerb(CommandLine& line);

}  // namespace faultline
