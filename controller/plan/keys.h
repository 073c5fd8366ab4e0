#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace faultline {

// A list of words that lives as long as the program.
using Words = std::span<const std::string>;

// What a step does, each by the key of its name.
enum class Fault : std::uint8_t {
  kBlock,
  kPartition,
  kImpair,
  kIsolate,
  kRegionDown,
  kAzDown,
  kHalves,
  kBridge,
  kMajoritiesRing,
  kIslands,
  kBlackhole,
};

// The keys of every mapping in a plan, and the words that stand for a choice. The readers and the schema both take them
// from here.
namespace keys {

Words Plan();
// Of a file that a plan includes.
Words Included();
// One group.
Words Group();
// Keys of a group that draw from another; of these a group has one alone.
Words Draws();
Words AwsIpRanges();
// One of a plan's "ip_ranges".
Words IpRanges();
// One step: its time, its fault and what goes with it.
Words Step();
// In the order of Fault.
Words Faults();
Words Flap();
Words Ramp();
// The mapping of one fault: its ends, what it does, which packets.
Words OfFault(Fault fault);
// "protocol", "ports" and so on: which packets, in every fault's mapping.
Words Packets();
// "delay", "loss" and so on.
Words Impairment();
Words Loss();
Words GilbertElliott();
Words Reorder();
// A share of packets that depends on the packet before.
Words Share();
// One of a plan's expectations; one of a step's.
Words Expectation();
Words StepExpectation();
// A number with what it may differ by.
Words Near();
Words Guard();
Words Http();
Words Observation();

// Choices, each in the order of its enumeration.
Words Actions();
Words Semantics();
Words Protocols();
Words Connections();
Words Distributions();
Words ControllerLosses();
Words Reachabilities();
Words OnFail();
Words ObservationMoments();
Words OutputFormats();

}  // namespace keys
}  // namespace faultline
