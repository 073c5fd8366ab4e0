#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/plan/plan_yaml.h"
#include "tests/unit/plan/plan_texts.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;

// A step of 30 s with exactly one error, which is where '^' stands.
struct BadFault {
  const char* name;
  std::string step;
  std::string message;
};

void PrintTo(const BadFault& bad, std::ostream* out) { *out << bad.step; }

std::string NameOfBad(const ::testing::TestParamInfo<BadFault>& info) { return info.param.name; }

class BadFaultTest : public ::testing::TestWithParam<BadFault> {};

TEST_P(BadFaultTest, HasThisErrorHere) {
  std::string line = absl::StrCat("  - {for: 30s, ", GetParam().step, "}");
  const std::size_t column = line.find('^');
  ASSERT_NE(column, std::string::npos);
  line.erase(column, 1);
  EXPECT_THAT(PlanErrors(absl::StrCat("name: p\ngroups: {lon: {nodes: [a]}, par: {nodes: [b]}}\nsteps:\n", line, "\n")),
              ElementsAre(absl::StrCat("4:", column + 1, ": ", GetParam().message)));
}

std::string BlockWith(absl::string_view keys) { return absl::StrCat("block: {from: lon, to: par, ", keys, "}"); }
std::string PartitionWith(absl::string_view keys) {
  return absl::StrCat("partition: {groups: [lon, par], ", keys, "}");
}
std::string OneWayWith(absl::string_view keys) { return absl::StrCat("impair: {from: lon, to: par, ", keys, "}"); }
std::string BetweenWith(absl::string_view keys) { return absl::StrCat("impair: {between: [lon, par], ", keys, "}"); }
std::string RampWith(absl::string_view keys) { return absl::StrCat(BetweenWith("delay: 10ms"), ", ramp: ", keys); }
std::string FlapWith(absl::string_view keys) { return absl::StrCat("partition: [lon, par], flap: ", keys); }

const char* const kTimeHint = "; write for example 250ms, 30s, 1h30m or PT5M";
const char* const kRatioHint = "; write for example 1%, 0.05% or 200ppm";
const char* const kRateHint = "; write for example 10mbit, 1.5gbit or 64kbit";
const char* const kPortHint = ": write a number from 1 to 65535, or a range such as 3001-3002";

INSTANTIATE_TEST_SUITE_P(
    Cuts, BadFaultTest,
    ::testing::Values(
        BadFault{"Action", BlockWith("action: ^deny"), "'action' must be drop or reject, not 'deny'"},
        BadFault{"ActionNear", BlockWith("action: ^rejct"),
                 "'action' must be drop or reject, not 'rejct'; did you mean 'reject'?"},
        BadFault{"ActionList", PartitionWith("action: ^[drop]"), "'action' must be drop or reject, but it is a list"},
        BadFault{"UnknownKey", PartitionWith("^port: 1"), "unknown key 'port' in 'partition'; did you mean 'ports'?"},
        BadFault{"NoGroups", "partition: ^{protocol: tcp}", "'partition' has no 'groups'; name two groups or more"},
        BadFault{"OneGroup", "partition: {groups: ^[lon]}", "'groups' needs at least two groups"},
        BadFault{"GroupTwice", "partition: {groups: [lon, ^lon]}", "group 'lon' comes twice in 'groups'"},
        BadFault{"UnknownGroup", "partition: {groups: [lon, ^pari]}", "unknown group 'pari'; did you mean 'par'?"},
        BadFault{"SemanticsWord", absl::StrCat(BlockWith("ports: 1"), ", semantics: ^security_group"),
                 "'semantics' must be security-group, not 'security_group'; did you mean 'security-group'?"},
        BadFault{
            "SemanticsReject", absl::StrCat(BlockWith("action: reject"), ", semantics: ^security-group"),
            "'semantics: security-group' and 'action: reject' exclude each other: a security group drops silently"},
        BadFault{"SemanticsConnections",
                 absl::StrCat(BlockWith("connections: established"), ", semantics: ^security-group"),
                 "'semantics: security-group' and 'connections' exclude each other: it means 'connections: new'"},
        BadFault{"SemanticsImpair", absl::StrCat(OneWayWith("delay: 1ms"), ", semantics: ^security-group"),
                 "'semantics: security-group' is for cuts: a security group cannot impair"}),
    NameOfBad);

INSTANTIATE_TEST_SUITE_P(
    Packets, BadFaultTest,
    ::testing::Values(
        BadFault{"Protocol", BlockWith("protocol: ^tpc"),
                 "'protocol' must be any, tcp, udp, icmp or sctp, not 'tpc'; did you mean 'tcp'?"},
        BadFault{"ProtocolNumber", BlockWith("protocol: ^6"),
                 "'protocol' must be any, tcp, udp, icmp or sctp, not '6'"},
        BadFault{"PortName", BlockWith("ports: [3000, ^http]"), absl::StrCat("'http' is not a port", kPortHint)},
        BadFault{"PortZero", BlockWith("ports: ^0"), absl::StrCat("'0' is not a port", kPortHint)},
        BadFault{"PortTooLarge", BlockWith("ports: [^65536]"), absl::StrCat("'65536' is not a port", kPortHint)},
        BadFault{"PortNegative", BlockWith("ports: [^-1]"), absl::StrCat("'-1' is not a port", kPortHint)},
        BadFault{"PortRangeOpen", BlockWith("ports: [^3000-]"), absl::StrCat("'3000-' is not a port", kPortHint)},
        BadFault{"PortRangeBackwards", BlockWith("ports: ^3002-3001"),
                 "'3002-3001' ends before it begins; did you mean 3001-3002?"},
        BadFault{"PortIsAList", BlockWith("ports: [^[1]]"), "a port must be a text, but it is a list"},
        BadFault{"PortsEmpty", BlockWith("ports: ^[]"), "'ports' is an empty list"},
        BadFault{"PortsMapping", BlockWith("ports: ^{a: 1}"),
                 "'ports' must be a single value or a list, but it is a mapping"},
        BadFault{"PortTwice", BlockWith("ports: ^[3000, 80, 3000]"), "'ports': port 3000 comes twice"},
        BadFault{"PortRangesOverlap", PartitionWith("ports: ^[3000-3010, 3005]"), "'ports': port 3005 comes twice"},
        BadFault{"SourcePortTwice", BlockWith("source_ports: ^[1, 1]"), "'source_ports': port 1 comes twice"},
        BadFault{"ExcludePortTwice", BlockWith("exclude_ports: ^[1-2, 2-3]"), "'exclude_ports': port 2 comes twice"},
        BadFault{"PortsOfIcmp", BlockWith("protocol: ^icmp, ports: 7"), "'protocol': icmp has no ports"},
        BadFault{"ExcludePortsOfIcmp", BlockWith("exclude_ports: 7, protocol: ^icmp"), "'protocol': icmp has no ports"},
        BadFault{"SourcePortsOfPartition", PartitionWith("source_ports: ^[1]"),
                 "'source_ports' is for one-way faults: both ways each end is a source; use 'ports', which counts on "
                 "either end, or 'from' and 'to'"},
        BadFault{"SourcePortsOfBetween", BetweenWith("delay: 1ms, source_ports: ^1"),
                 "'source_ports' is for one-way faults: both ways each end is a source; use 'ports', which counts on "
                 "either end, or 'from' and 'to'"},
        BadFault{"ExcludeHostBits", BlockWith("exclude: [10.0.0.0/8, ^172.32.5.0/16]"),
                 "CIDR '172.32.5.0/16' has host bits set; did you mean 172.32.0.0/16 or 172.32.5.0/32?"},
        BadFault{"ExcludeGroup", BlockWith("exclude: ^lon"),
                 "'lon' is not a CIDR; write for example 172.32.0.0/16 or fd20::/48"},
        BadFault{"ExcludeMapping", BlockWith("exclude: ^{nodes: [a]}"),
                 "'exclude' must be a single value or a list, but it is a mapping"},
        BadFault{"InterfaceTooLong", BlockWith("interface: ^eth0123456789abc"),
                 "'interface': 'eth0123456789abc' is no interface's name"},
        BadFault{"InterfaceSlash", BlockWith("interface: ^[eth0, a/b]"), "'interface': 'a/b' is no interface's name"},
        BadFault{"InterfaceTwice", BlockWith("interface: ^[eth1, eth0, eth1]"),
                 "'interface': an interface comes twice"},
        BadFault{"InterfaceEmpty", BlockWith("interface: ^''"), "'interface': '' is no interface's name"},
        BadFault{"DscpTooLarge", BlockWith("dscp: ^64"), "'dscp' must be a whole number from 0 to 63, not '64'"},
        BadFault{"DscpHuge", BlockWith("dscp: ^99999999999999999999"),
                 "'dscp' must be a whole number from 0 to 63, not '99999999999999999999'"},
        BadFault{
            "DscpName", BlockWith("dscp: ^af44"),
            "'dscp' must be a number from 0 to 63 or a name such as ef, af41 or cs5, not 'af44'; did you mean 'af41'?"},
        BadFault{"DscpList", BlockWith("dscp: ^[1]"), "'dscp' must be a text, but it is a list"},
        BadFault{"Connections", BlockWith("connections: ^old"), "'connections' must be new or established, not 'old'"},
        BadFault{"ConnectionsImpaired", OneWayWith("delay: 1ms, connections: ^new"),
                 "'connections': an impairment cannot select by connection: its packets leave the kernel's path before "
                 "connections are known"}),
    NameOfBad);

INSTANTIATE_TEST_SUITE_P(
    Impairments, BadFaultTest,
    ::testing::Values(
        BadFault{"Text", "impair: ^80ms", "'impair' must be a mapping, but it is a single value"},
        BadFault{"Empty", "impair: ^{}", "'impair' is an empty mapping"},
        BadFault{"NoEnds", "impair: ^{delay: 80ms}",
                 "'impair' has no ends; name one way's by 'from' and 'to', both ways' by 'between', or by 'group' "
                 "those of a group and all others"},
        BadFault{"NoTo", "impair: ^{from: lon, delay: 80ms}", "'impair' has no 'to'; name the group that receives"},
        BadFault{"NoFrom", "impair: ^{to: lon, delay: 80ms}", "'impair' has no 'from'; name the group that sends"},
        BadFault{"BothEnds", "impair: {from: lon, to: par, between: ^[lon, par], delay: 80ms}",
                 "'between' and 'from' or 'to' exclude each other: 'between' is both ways"},
        BadFault{"BetweenOne", "impair: {between: ^[lon], delay: 80ms}", "'between' needs at least two groups"},
        BadFault{"SameEnds", "impair: {from: lon, to: ^lon, delay: 80ms}",
                 "'from' and 'to' are both 'lon'; a fault is between two different groups"},
        BadFault{"UnknownKey", OneWayWith("delay: 1ms, ^dealy: 80ms"),
                 "unknown key 'dealy' in 'impair'; did you mean 'delay'?"},
        BadFault{"Action", OneWayWith("delay: 1ms, ^action: drop"),
                 "unknown key 'action' in 'impair'; expected: from, to, between, group, delay, rtt, jitter, "
                 "distribution, samples, "
                 "correlation, loss, duplicate, corrupt, reorder, rate, burst, protocol, ports, source_ports, "
                 "exclude_ports, "
                 "exclude, interface, dscp, connections"},
        BadFault{"Nothing", "impair: ^{from: lon, to: par}",
                 "'impair': it changes nothing; give a delay, a loss or a rate"},
        BadFault{"NothingButZero", "impair: ^{from: lon, to: par, delay: 0ms, loss: 0%}",
                 "'impair': it changes nothing; give a delay, a loss or a rate"},
        BadFault{"DelayWithoutUnit", OneWayWith("delay: ^80"),
                 absl::StrCat("'delay': '80' is not a duration: it has no unit", kTimeHint)},
        BadFault{"DelayNegative", OneWayWith("delay: ^-80ms"),
                 absl::StrCat("'delay': '-80ms' is not a duration: it is negative", kTimeHint)},
        BadFault{"DelayMapping", OneWayWith("delay: ^{mean: 80ms}"),
                 "'delay' must be a duration such as 30s, but it is a mapping"},
        BadFault{"DelayTooLong", OneWayWith("delay: ^61m"), "'delay': 1h1m is not within 0s to 1h"},
        BadFault{"RttTooLong", BetweenWith("rtt: ^3h"), "'rtt': half of it each way, 1h30m is not within 0s to 1h"},
        BadFault{"RttOneWay", OneWayWith("rtt: ^160ms"),
                 "'rtt' is for faults both ways, with half of it each way; one way, write 'delay'"},
        BadFault{"RttAndDelay", BetweenWith("delay: 80ms, rtt: ^160ms"),
                 "'rtt' and 'delay' exclude each other: 'delay' is one way, 'rtt' half of it each way"},
        BadFault{"JitterAboveDelay", OneWayWith("delay: 10ms, jitter: ^11ms"),
                 "'jitter': 11ms is more than the delay of 10ms; no packet can arrive before it is sent"},
        BadFault{"JitterAboveHalfRtt", BetweenWith("rtt: 10ms, jitter: ^6ms"),
                 "'jitter': 6ms is more than the delay of 5ms; no packet can arrive before it is sent"},
        BadFault{"JitterAlone", OneWayWith("jitter: ^1ms"),
                 "'jitter': 1ms is more than the delay of 0s; no packet can arrive before it is sent"},
        BadFault{"JitterWithoutUnit", OneWayWith("delay: 10ms, jitter: ^1, distribution: normal"),
                 absl::StrCat("'jitter': '1' is not a duration: it has no unit", kTimeHint)},
        BadFault{"Distribution", OneWayWith("delay: 10ms, jitter: 1ms, distribution: ^gauss"),
                 "'distribution' must be uniform, normal, pareto or paretonormal, not 'gauss'"},
        BadFault{"DistributionWithoutJitter", OneWayWith("delay: 10ms, distribution: ^normal"),
                 "'distribution': it needs a jitter"},
        BadFault{"CorrelationOfDelays", OneWayWith("delay: 10ms, jitter: 1ms, correlation: ^25%"),
                 "'correlation': of delays it has no effect in any kernel; leave it out"},
        BadFault{"JitterTooLongForNetem", OneWayWith("delay: 10s, jitter: ^600ms, distribution: pareto"),
                 "'jitter': with this law delays would be up to 19s200ms apart, and 17s is the most that netem can do"},
        BadFault{"SamplesTooFarApart", OneWayWith("samples: ^[1s, 20s]"),
                 "'samples': delays would be up to 19s apart, and 17s is the most that netem can do"},
        BadFault{"LossWithoutUnit", OneWayWith("loss: ^0.01"),
                 absl::StrCat("'loss': '0.01' is not a ratio: it has no unit", kRatioHint)},
        BadFault{"LossAboveOne", OneWayWith("loss: ^101%"), "'loss': 101% is more than 100%"},
        BadFault{"LossFarAboveOne", OneWayWith("loss: ^1000%"),
                 absl::StrCat("'loss': '1000%' is not a ratio: it is more than 400 %", kRatioHint)},
        BadFault{"LossRatioAboveOne", OneWayWith("loss: {correlation: 25%, ratio: ^200%}"),
                 "'loss': 200% is more than 100%"},
        BadFault{"LossNegative", OneWayWith("loss: ^-1%"),
                 absl::StrCat("'loss': '-1%' is not a ratio: '-1' is no number from 0 up", kRatioHint)},
        BadFault{"LossList", OneWayWith("loss: ^[1%]"), "'loss' must be a ratio such as 1%, but it is a list"},
        BadFault{"LossUnknownKey", OneWayWith("loss: {ratio: 1%, ^corelation: 1%}"),
                 "unknown key 'corelation' in 'loss'; did you mean 'correlation'?"},
        BadFault{"LossCorrelationAlone", OneWayWith("loss: {correlation: ^25%}"),
                 "'loss.correlation': it needs a loss ratio"},
        BadFault{"LossCorrelationAboveOne", OneWayWith("loss: {ratio: 1%, correlation: ^110%}"),
                 "'loss.correlation': 110% is more than 100%"},
        BadFault{"LossBothKinds", OneWayWith("loss: {ratio: ^1%, gemodel: {p: 1%, r: 10%}}"),
                 "'loss': it is given both plain and as a gemodel"},
        BadFault{"GemodelText", OneWayWith("loss: {gemodel: ^1%}"),
                 "'gemodel' must be a mapping, but it is a single value"},
        BadFault{"GemodelNoP", OneWayWith("loss: {gemodel: ^{r: 10%}}"),
                 "'gemodel' has no 'p'; give the chance to go from good to bad at each packet, for example 'p: 1%'"},
        BadFault{"GemodelNoR", OneWayWith("loss: {gemodel: ^{p: 10%}}"),
                 "'gemodel' has no 'r'; give the chance to come back at each packet, for example 'r: 10%'"},
        BadFault{"GemodelNeverEnds", OneWayWith("loss: {gemodel: {p: 1%, r: ^0%}}"),
                 "'loss.gemodel.r': with 0 the bad state never ends; use 'block' for a link that is gone"},
        BadFault{"GemodelNeverBegins", OneWayWith("loss: {gemodel: {p: ^0%, r: 10%}}"),
                 "'loss.gemodel.p': with 0 nothing is ever lost"},
        BadFault{"GemodelAboveOne", OneWayWith("loss: {gemodel: {p: 1%, r: 10%, 1-h: ^120%}}"),
                 "'loss.gemodel.1-h': 120% is more than 100%"},
        BadFault{"GemodelUnknownKey", OneWayWith("loss: {gemodel: {p: 1%, r: 10%, ^1h: 0%}}"),
                 "unknown key '1h' in 'gemodel'; did you mean '1-h'?"},
        BadFault{"GemodelWithoutUnit", OneWayWith("loss: {gemodel: {p: 1%, r: ^10}}"),
                 absl::StrCat("'r': '10' is not a ratio: it has no unit", kRatioHint)},
        BadFault{"DuplicateAboveOne", OneWayWith("duplicate: ^150%"), "'duplicate': 150% is more than 100%"},
        BadFault{"DuplicateGemodel", OneWayWith("duplicate: {ratio: 1%, ^gemodel: {}}"),
                 "unknown key 'gemodel' in 'duplicate'; expected: ratio, correlation"},
        BadFault{"CorruptUnit", OneWayWith("corrupt: ^1pct"),
                 absl::StrCat("'corrupt': '1pct' is not a ratio: it has no unit", kRatioHint)},
        BadFault{"ReorderWithoutDelay", OneWayWith("reorder: ^25%"),
                 "'reorder': it needs a delay, which some packets then skip"},
        BadFault{"ReorderGapAlone", OneWayWith("delay: 1ms, reorder: {gap: ^5}"),
                 "'reorder.gap': it needs a reorder ratio"},
        BadFault{"ReorderGapZero", OneWayWith("delay: 1ms, reorder: {ratio: 1%, gap: ^0}"),
                 "'gap' must be a whole number from 1 to 4294967295, not '0'"},
        BadFault{"ReorderWord", OneWayWith("delay: 1ms, reorder: ^yes"),
                 absl::StrCat("'reorder': 'yes' is not a ratio: it has no unit", kRatioHint)},
        BadFault{"ReorderAllowWithoutJitter", OneWayWith("delay: 1ms, reorder: ^allow"),
                 "'reorder': 'allow' needs a jitter"},
        BadFault{
            "ReorderAllowWithRate", OneWayWith("delay: 1ms, jitter: 1ms, reorder: ^allow, rate: 1mbit"),
            "'reorder': 'allow' and a rate exclude each other: a link with a rate sends one packet after the other"},
        BadFault{"RateZero", OneWayWith("rate: ^0bit"), "'rate': it is 0; use 'block' for a link that is gone"},
        BadFault{"RateTiny", OneWayWith("rate: ^1kbit"), "'rate': 1kbit is less than 8kbit"},
        BadFault{"RateWithoutUnit", OneWayWith("rate: ^10"),
                 absl::StrCat("'rate': '10' is not a rate: it has no unit", kRateHint)},
        BadFault{"RateInBytes", OneWayWith("rate: ^10mbps"),
                 absl::StrCat("'rate': '10mbps' is not a rate: 'mbps' is no unit of it", kRateHint)},
        BadFault{"RateTooLarge", OneWayWith("rate: ^2000gbit"),
                 absl::StrCat("'rate': '2000gbit' is not a rate: it is more than 1000gbit", kRateHint)},
        BadFault{"BurstWithoutRate", OneWayWith("burst: ^64kb"), "'burst': it needs a rate"},
        BadFault{"BurstTooSmall", OneWayWith("rate: 1mbit, burst: ^1500b"),
                 "'burst': 1500 bytes are not within 1600 to 1000000000; a packet must fit in"},
        BadFault{"BurstInBits", OneWayWith("rate: 1mbit, burst: ^64kbit"),
                 "'burst': '64kbit' is not a size: 'kbit' is no unit of it; write for example 64kb, 1500b or 16mb"}),
    NameOfBad);

INSTANTIATE_TEST_SUITE_P(
    Samples, BadFaultTest,
    ::testing::Values(
        BadFault{"One", OneWayWith("samples: ^[1ms]"), "'samples': there are 1; give 2 to 4096"},
        BadFault{"Empty", OneWayWith("samples: ^[]"), "'samples' is an empty list"},
        BadFault{"WithoutUnit", OneWayWith("samples: [1ms, ^2]"),
                 absl::StrCat("a sample: '2' is not a duration: it has no unit", kTimeHint)},
        BadFault{"TooLong", OneWayWith("samples: ^[1ms, 2h]"), "'samples': each must be within 0s to 1h"},
        BadFault{"WithDelay", OneWayWith("delay: ^1ms, samples: [1ms, 2ms]"),
                 "'delay': samples have the delay and the jitter in them; give neither"},
        BadFault{"WithDistribution", OneWayWith("distribution: ^normal, samples: [1ms, 2ms]"),
                 "'distribution' and 'samples' exclude each other: samples are a distribution"},
        BadFault{"Mapping", OneWayWith("samples: ^{file: a.csv}"), "'samples' must be a list, but it is a mapping"},
        BadFault{"Unknown", OneWayWith("samples: ^rtt.csv"),
                 "samples 'rtt.csv' are not in the plan; give them there as a list, or as a file to the command line"}),
    NameOfBad);

INSTANTIATE_TEST_SUITE_P(
    FlapsAndRamps, BadFaultTest,
    ::testing::Values(
        BadFault{"FlapText", FlapWith("^2s"), "'flap' must be a mapping, but it is a single value"},
        BadFault{"FlapNoUp", FlapWith("^{down: 2s}"),
                 "'flap' has no 'up'; say how long it is off, for example 'up: 5s'"},
        BadFault{"FlapNoDown", FlapWith("^{up: 2s}"),
                 "'flap' has no 'down'; say how long the fault is on, for example 'down: 2s'"},
        BadFault{"FlapDownTooShort", FlapWith("{down: ^99ms, up: 1s}"), "'flap.down': 99ms is shorter than 100ms"},
        BadFault{"FlapUpZero", FlapWith("{down: 1s, up: ^0}"), "'flap.up': 0s is shorter than 100ms"},
        BadFault{"FlapWithoutUnit", FlapWith("{down: 1s, up: ^5}"),
                 absl::StrCat("'up': '5' is not a duration: it has no unit", kTimeHint)},
        BadFault{"FlapJitter", FlapWith("{down: 1s, up: 300ms, jitter: ^101ms}"),
                 "'flap.jitter': 101ms either way could leave a phase shorter than 100ms"},
        BadFault{"FlapUnknownKey", FlapWith("{down: 1s, up: 1s, ^jiter: 1ms}"),
                 "unknown key 'jiter' in 'flap'; did you mean 'jitter'?"},
        BadFault{"RampOfBlock", absl::StrCat(BlockWith("ports: 1"), ", ramp: ^{delay: 1s, over: 1s}"),
                 "'ramp' is for 'impair': only a number can grow; for a cut that comes and goes, write 'flap'"},
        BadFault{"RampText", RampWith("^300ms"), "'ramp' must be a mapping, but it is a single value"},
        BadFault{"RampNoOver", RampWith("^{delay: 300ms}"),
                 "'ramp' has no 'over'; say how long it takes, for example 'over: 45s'"},
        BadFault{"RampOverZero", RampWith("{delay: 300ms, over: ^0s}"),
                 "'ramp.over': say how long the ramp takes, for example 'over: 45s'"},
        BadFault{"RampLongerThanStep", RampWith("{delay: 300ms, over: ^31s}"),
                 "'over' is 31s, longer than the step's 30s"},
        BadFault{"RampOverWithoutUnit", RampWith("{delay: 300ms, over: ^45}"),
                 absl::StrCat("'over': '45' is not a duration: it has no unit", kTimeHint)},
        BadFault{"RampNothing", RampWith("^{over: 10s}"), "'ramp': it changes nothing"},
        BadFault{"RampToTheSame", RampWith("^{delay: 10ms, over: 10s}"), "'ramp': it changes nothing"},
        BadFault{
            "RampDistribution", RampWith("{delay: 300ms, over: 10s, ^distribution: normal}"),
            "unknown key 'distribution' in 'ramp'; expected: delay, rtt, jitter, loss, duplicate, corrupt, reorder, "
            "rate, over, steps"},
        BadFault{"RampDelayTooLong", RampWith("{delay: ^2h, over: 10s}"), "'ramp.delay': 2h is not within 0s to 1h"},
        BadFault{"RampRttTooLong", RampWith("{rtt: ^4h, over: 10s}"),
                 "'rtt': half of it each way, 2h is not within 0s to 1h"},
        BadFault{"RampRttOneWay", absl::StrCat(OneWayWith("delay: 1ms"), ", ramp: {rtt: ^1s, over: 10s}"),
                 "'rtt' is for faults both ways, with half of it each way; one way, write 'delay'"},
        BadFault{"RampLossAboveOne", RampWith("{loss: ^101%, over: 10s}"), "'ramp.loss': 101% is more than 100%"},
        BadFault{"RampLossMapping", RampWith("{loss: ^{ratio: 1%}, over: 10s}"),
                 "'loss' must be a ratio such as 1%, but it is a mapping"},
        BadFault{"RampJitterAboveDelay", RampWith("{jitter: ^20ms, over: 10s}"),
                 "'ramp.jitter': 20ms is more than the delay of 10ms; no packet can arrive before it is sent"},
        BadFault{"RampRateOneEnd", RampWith("^{rate: 1mbit, over: 10s}"), "'ramp': a rate needs a value at both ends"},
        BadFault{"RampRateToZero", absl::StrCat(BetweenWith("rate: 1mbit"), ", ramp: {rate: ^0bit, over: 10s}"),
                 "'ramp.rate': it is 0; use 'block' for a link that is gone"},
        BadFault{"RampReorderWithoutDelay", absl::StrCat(BetweenWith("loss: 1%"), ", ramp: {reorder: ^5%, over: 10s}"),
                 "'ramp.reorder': it needs a delay, which some packets then skip"},
        BadFault{"RampPlainLossOfBursts",
                 absl::StrCat(BetweenWith("loss: {gemodel: {p: 1%, r: 9%}}"), ", ramp: {loss: ^5%, over: 10s}"),
                 "'ramp.loss': it is given both plain and as a gemodel"},
        BadFault{"RampSamples", absl::StrCat(BetweenWith("samples: [1ms, 2ms]"), ", ramp: ^{loss: 5%, over: 10s}"),
                 "'ramp': measured samples cannot be ramped"},
        BadFault{"RampSteps", RampWith("{delay: 300ms, over: 10s, steps: ^0}"),
                 "'steps' must be a whole number from 1 to 4294967295, not '0'"},
        BadFault{"RampStepsTooClose", RampWith("{delay: 300ms, over: 10s, steps: ^101}"),
                 "'ramp.steps': 101 in 10s are closer than 100ms"},
        BadFault{"RampOfNothingToNothing",
                 absl::StrCat("impair: {between: [lon, par], delay: ^9000s}", ", ramp: {delay: 0ms, over: 10s}"),
                 "'delay': 2h30m is not within 0s to 1h"}),
    NameOfBad);

TEST(FaultErrorsTest, AllErrorsOfAFaultAtOnce) {
  EXPECT_THAT(PlanErrors(R"(name: p
groups: {lon: {nodes: [a]}, par: {nodes: [b]}}
steps:
  - for: 30s
    impair:
      between: [lon, pra]
      ports: [80, 80]
      protocol: icmp
      delay: 80
      jitter: 10ms
      distribution: normal
      loss: {ratio: 120%, correlation: 25}
      reorder: 5%
      rate: 0kbit
    flap: {down: 1, up: 10ms}
    ramp: {delay: 300ms, loss: 500%, over: 1m}
)"),
              ElementsAre("6:22: unknown group 'pra'; did you mean 'par'?", "7:14: 'ports': port 80 comes twice",
                          "8:17: 'protocol': icmp has no ports",
                          absl::StrCat("9:14: 'delay': '80' is not a duration: it has no unit", kTimeHint),
                          "12:21: 'loss': 120% is more than 100%",
                          absl::StrCat("12:40: 'correlation': '25' is not a ratio: it has no unit", kRatioHint),
                          "14:13: 'rate': it is 0; use 'block' for a link that is gone",
                          absl::StrCat("15:18: 'down': '1' is not a duration: it has no unit", kTimeHint),
                          "15:25: 'flap.up': 10ms is shorter than 100ms",
                          absl::StrCat("16:32: 'loss': '500%' is not a ratio: it is more than 400 %", kRatioHint),
                          "16:44: 'over' is 1m, longer than the step's 30s"));
}

TEST(FaultErrorsTest, ABadListOfNamedSamplesIsOneError) {
  EXPECT_THAT(PlanErrors(R"(name: p
groups: {lon: {nodes: [a]}, par: {nodes: [b]}}
samples: {rtt: [1ms, x], two: [1ms, 2ms], one: [1ms]}
steps:
  - {for: 1s, impair: {between: [lon, par], samples: rtt}}
  - {at: 1s, for: 1s, impair: {between: [lon, par], samples: two}}
  - {at: 2s, for: 1s, impair: {between: [lon, par], samples: one}}
  - {at: 3s, for: 1s, impair: {between: [lon, par], samples: tow}}
)"),
              ElementsAre(absl::StrCat("3:22: a sample: 'x' is not a duration: a number is expected", kTimeHint),
                          "7:62: 'samples': there are 1; give 2 to 4096",
                          "8:62: no samples 'tow' under the plan's 'samples'; did you mean 'two'?"));
}

TEST(FaultErrorsTest, SamplesAreBounded) {
  std::string list;
  for (int i = 0; i < 100'000; ++i) absl::StrAppend(&list, i == 0 ? "" : ",", "1ms");
  EXPECT_THAT(PlanErrors(absl::StrCat("name: p\ngroups: {lon: {nodes: [a]}, par: {nodes: [b]}}\nsteps: [{for: 1s,\n",
                                      "impair: {between: [lon, par], samples: [", list, ",\n1ms]}}]\n")),
              ElementsAre("5:1: a plan has at most 100000 samples"));
}

}  // namespace
}  // namespace faultline
