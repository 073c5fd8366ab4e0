#pragma once

#include <map>
#include <span>

#include "common/name.h"
#include "common/timeline.h"
#include "controller/compile/forecast.h"
#include "controller/report/expected.h"
#include "controller/report/probe_config.h"
#include "controller/report/tcp_edges.h"
#include "controller/report/tcp_log.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// A stage as connections could meet it. A view.
struct DialledStage {
  std::span<const StepIndex> active;
  std::span<const ProbeNode> nodes;
  const std::map<NodeName, Timeline>& timelines;
  std::span<const TcpEdge> edges;
};

// Adds to a stage's verdict what its connections say, and has it disagree when one of them does; a stage whose faults
// only they show is then not `unseen` any more. Edges of which the plan says that an answer may take longer than an
// attempt waits are left out.
//
// An attempt got through when it was connected, or refused: the packets went there and back, and nobody listens. Of an
// edge that the run rejects at some time a refusal may be the fault's: it is, where the baseline was connected; where
// the baseline was refused too, or is not known, it tells nothing while a fault may refuse, and else that the path is
// open. Planned open and cut, shares and delays (there and back) are judged as those of probes are; where every block
// is a reject, attempts must be refused and not time out. `baseline`: the run's own, null when this is it.
void JudgeTcp(const DialledStage& stage, const Stretch& stretch, Forecasts& forecasts, const TcpLog& log,
              const v1::StageVerdict* baseline, v1::StageVerdict& verdict);

// Whether the connection was observed as planned, or too little is known of it.
bool Agrees(const v1::TcpVerdict& edge);
// Whether too little is known of it to say.
bool IsUnknown(const v1::TcpVerdict& edge);

}  // namespace faultline
