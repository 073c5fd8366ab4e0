#pragma once

#include "absl/status/statusor.h"
#include "tests/measure/table.h"

namespace faultline::bench {

// A measure sets up what it needs in namespaces of its own, measures, takes everything down again, also when it
// fails, and gives its table. `quick`: fewer samples, for trying it out. CANCELLED when a signal ended it.

// From the engine's timer to the kernel's confirmation of the gate switch, and how late that was, by size of the rules.
absl::StatusOr<measure::Table> MeasureFire(bool quick);

// Install beside `nft -f` of the equal rule set and iptables-restore with a rule a CIDR, in turn.
absl::StatusOr<measure::Table> MeasureArm(bool quick);

// From the order to heal until the first packet flows, beside tools; also after a SIGKILL.
absl::StatusOr<measure::Table> MeasureHeal(bool quick);

// What unrelated traffic achieves while a fault of many prefixes acts, beside other ways to have one.
absl::StatusOr<measure::Table> MeasureBeside(bool quick);

// Throughput through a lane, beside root qdiscs. Without rows, and with a note, where the kernel has no netem.
absl::StatusOr<measure::Table> MeasureLane(bool quick);

// How far apart the nodes of a lab begin and end the same step: real controller, real agents.
absl::StatusOr<measure::Table> MeasureSkew(bool quick);

// How long after `faultline abort` was typed every node of a lab has healed.
absl::StatusOr<measure::Table> MeasureAbort(bool quick);

// What an unrelated flow loses while faults come and go, beside what it loses to root qdiscs.
absl::StatusOr<measure::Table> MeasureCollateral(bool quick);

// How long the controller takes to turn large plans into timelines.
absl::StatusOr<measure::Table> MeasureCompile(bool quick);

// How long it takes to read plans from their texts.
absl::StatusOr<measure::Table> MeasureRead(bool quick);

// How long it takes to look at all that is in a kernel, by size of a firewall that is there.
absl::StatusOr<measure::Table> MeasurePicture(bool quick);

// What the agents of a lab use to observe each other, with and without a run.
absl::StatusOr<measure::Table> MeasureAgents(bool quick);

// What the controller uses to observe 6, 50 and 200 simulated agents, with and without a run. Leaves gRPC's threads in
// its namespace, and so comes last.
absl::StatusOr<measure::Table> MeasureObservation(bool quick);

// What 10 to 10 000 sessions cost the controller, over a Unix socket and over mutual TLS, beside bare gRPC streams with
// the same credentials; how long it takes to fire a plan on all of them, and to heal. Comes last too.
absl::StatusOr<measure::Table> MeasureSessions(bool quick);

}  // namespace faultline::bench
