// faultline-fidelity: how exactly Faultline does what is asked, on this machine's kernel.

#include "tests/fidelity/measures.h"
#include "tests/measure/program.h"

namespace faultline::fidelity {
namespace {

constexpr measure::Measure kMeasures[] = {
    {"loss", "each packet by itself, with aggregates on the way", MeasureLoss},
    {"copies", "duplicates and flipped bits", MeasureCopies},
    {"bursts", "losses that come together", MeasureBursts},
    {"delay", "1 to 500 ms", MeasureDelay},
    {"jitter", "its law, and the order that it keeps", MeasureJitter},
    {"rate", "1 Mbit/s to 1 Gbit/s", MeasureRate},
    {"tcp", "what a connection makes of a cut", MeasureTcp},
    {"overflow", "what finds no room, told apart from what is to be lost", MeasureOverflow},
    {"collateral", "what other traffic notices", MeasureCollateral}};

}  // namespace
}  // namespace faultline::fidelity

int main(int argc, char** argv) {
  using namespace faultline;
  return measure::RunProgram(
      {.name = "faultline-fidelity",
       .purpose =
           "Measures how exactly Faultline does what it is asked to, on this machine's kernel, beside other tools.",
       .measures = fidelity::kMeasures,
       .holds = fidelity::Holds},
      argc, argv);
}
