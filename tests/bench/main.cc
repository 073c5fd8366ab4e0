// faultline-bench: how fast, how even and how harmless Faultline is on this machine.

#include "tests/bench/measures.h"
#include "tests/measure/program.h"

namespace faultline::bench {
namespace {

constexpr measure::Measure kMeasures[] = {
    {"fire", "from an agent's timer to the kernel's confirmation, for 1 to 100 000 CIDRs", MeasureFire},
    {"arm", "installing the rules, beside nft -f and iptables-restore", MeasureArm},
    {"heal", "from the order to heal until packets flow, also when the agent was killed", MeasureHeal},
    {"beside", "what unrelated traffic achieves while a fault of 100 000 CIDRs acts", MeasureBeside},
    {"lane", "throughput through a lane that delays; needs netem", MeasureLane},
    {"skew", "how far apart 102 agents begin and end a step, in a lab; programs from $FAULTLINE_BIN", MeasureSkew},
    {"abort", "from typing `faultline abort` until every node has healed, in the same lab", MeasureAbort},
    {"collateral", "what an unrelated flow loses meanwhile, beside tc", MeasureCollateral},
    {"compile", "turning large plans into what each node does", MeasureCompile},
    {"read", "plans from their texts: the library, and 100 000 CIDRs", MeasureRead},
    {"picture", "the kernel's state before and after a run, beside 0 to 100 000 rules of a firewall", MeasurePicture},
    {"agents", "what each of six agents uses to probe and report, in the same lab", MeasureAgents},
    {"observation", "what a controller uses while 6 to 200 agents report to it", MeasureObservation},
    {"sessions", "what 10 to 10 000 sessions cost the controller, beside bare gRPC streams", MeasureSessions}};

}  // namespace
}  // namespace faultline::bench

int main(int argc, char** argv) {
  using namespace faultline;
  return measure::RunProgram({.name = "faultline-bench",
                              .purpose = "Measures how fast Faultline is on this machine, beside other tools.",
                              .measures = bench::kMeasures},
                             argc, argv);
}
