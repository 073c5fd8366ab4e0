// Batches byte for byte. A golden file holds one batch, four bytes to a line, below the nft commands that do the
// same. After an intended change: FAULTLINE_UPDATE_GOLDEN=1 writes them anew, keeping the comments (a new file gets the
// operations' names, to be made into commands); read the diff.

#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/kernel/nft_chain.h"
#include "agent/kernel/nft_program.h"
#include "tests/unit/kernel/programs.h"

namespace faultline {
namespace {

using Lines = std::vector<std::string>;

std::string PathOf(const std::string& name) { return absl::StrCat(FAULTLINE_GOLDEN_DIR, "/", name, ".hex"); }

Lines Dump(const std::vector<std::uint8_t>& bytes) {
  Lines lines;
  for (std::size_t offset = 0; offset < bytes.size(); offset += 4) {
    std::string line = absl::StrFormat("%04x ", offset);
    std::string text;
    for (std::size_t i = offset; i < offset + 4; ++i) {
      absl::StrAppendFormat(&line, " %02x", bytes.at(i));
      text += absl::ascii_isprint(bytes[i]) ? static_cast<char>(bytes[i]) : '.';
    }
    lines.push_back(absl::StrCat(line, "  ", text));
  }
  return lines;
}

struct GoldenFile {
  Lines comments;
  Lines lines;
};

GoldenFile Read(const std::string& name) {
  GoldenFile golden;
  std::ifstream file(PathOf(name));
  for (std::string line; std::getline(file, line);) {
    (line.starts_with("#") ? golden.comments : golden.lines).push_back(line);
  }
  return golden;
}

void Write(const std::string& name, const GoldenFile& golden) {
  std::ofstream file(PathOf(name));
  for (const Lines* lines : {&golden.comments, &golden.lines}) {
    for (const std::string& line : *lines) file << line << "\n";
  }
}

// Expected and actual side by side, lines that differ marked, others near none left out.
std::string TwoColumns(const Lines& expected, const Lines& actual) {
  const auto at = [](const Lines& lines, std::size_t i) { return i < lines.size() ? lines[i] : std::string(); };
  const std::size_t count = std::max(expected.size(), actual.size());
  std::string text = absl::StrFormat("  %-26s %s\n", "golden", "now");
  constexpr std::size_t kContext = 3;
  std::size_t last = 0;
  for (std::size_t i = 0; i < count; ++i) {
    bool near = false;
    for (std::size_t j = i < kContext ? 0 : i - kContext; j <= i + kContext && j < count; ++j) {
      near = near || at(expected, j) != at(actual, j);
    }
    if (!near) continue;
    if (i > last + 1) text += "  ...\n";
    last = i;
    const bool differs = at(expected, i) != at(actual, i);
    absl::StrAppendFormat(&text, "%c %-26s %s\n", differs ? '!' : ' ', at(expected, i), at(actual, i));
  }
  return text;
}

void ExpectGolden(const std::string& name, const NftBatch& batch) {
  if (std::endian::native != std::endian::little) GTEST_SKIP() << "the golden bytes are of a little-endian machine";
  GoldenFile golden = Read(name);
  const Lines now = Dump(batch.Encode());
  if (std::getenv("FAULTLINE_UPDATE_GOLDEN") != nullptr) {
    golden.lines = now;
    if (golden.comments.empty()) {
      for (const std::string& operation : batch.names()) golden.comments.push_back(absl::StrCat("#   ", operation));
    }
    Write(name, golden);
    return;
  }
  ASSERT_FALSE(golden.comments.empty()) << PathOf(name) << " is missing, or does not begin with its nft command";
  if (golden.lines != now) ADD_FAILURE() << PathOf(name) << "\n" << TwoColumns(golden.lines, now);
}

using testing::kFromParis;
using testing::kToParis;
using testing::LanesFor;
using testing::MakeProgram;
using testing::Set;
using testing::StepBatch;

// Step 0 drops what comes from Paris, step 1 swallows what goes there.
Program Paris() {
  Program program = MakeProgram({{.index = 0, .incoming = {{.sources = 0}}},
                                 {.index = 1, .outgoing = {{.destinations = 0, .except_destinations = 1}}}});
  program.devices = {"eth0", "eth1"};
  program.protect.endpoints = {{*IpAddress::Parse("172.33.7.44"), 7440}};
  program.prefix_sets = {Set({"172.33.0.0/16", "fd21::/48"}), Set({"172.33.8.0/24"})};
  return program;
}

Program FromParis(Effect effect, const PacketFilter& filter = {}) {
  return MakeProgram({{.index = 0, .effect = std::move(effect), .filter = filter, .incoming = {kFromParis}}});
}

TEST(GoldenTest, Table) {
  NftBatch batch(1);
  AddTable(batch, NftVerb::kCreate, {}, /*owned=*/true);
  AddTable(batch, NftVerb::kDelete, {}, /*owned=*/true);
  ExpectGolden("table", batch);
}

TEST(GoldenTest, Install) {
  NftBatch batch(1);
  AddInstall(batch, Paris(), LanesFor(Paris()));
  ExpectGolden("install", batch);
}

TEST(GoldenTest, InstallInet) {
  NftBatch batch(1);
  const Program program = FromParis(Drop(), {.protocol = Protocol::kTcp, .connection = Connection::kNew});
  AddInstall(batch, program, LanesFor(program));
  ExpectGolden("install_inet", batch);
}

TEST(GoldenTest, InstallByClsact) {
  NftBatch batch(1);
  Program program = MakeProgram({{.index = 0, .outgoing = {{.destinations = 0}}}});
  program.egress_by_clsact = true;
  AddInstall(batch, program, LanesFor(program));
  ExpectGolden("install_clsact", batch);
}

TEST(GoldenTest, Switch) {
  const StepIndex close[] = {0};
  const GateOpening open[] = {{1, std::chrono::seconds(15)}};
  NftBatch batch(1);
  AddSwitch(batch, RunId("r"), ObjectsOf(Paris()), close, open);
  ExpectGolden("switch", batch);
}

TEST(GoldenTest, SwitchOfBothTables) {
  Program program = FromParis(testing::Loss(Ratio::Percent(10)));
  program.steps[0].lane = LaneKind::kLossByRule;
  const GateOpening open[] = {{0, std::chrono::seconds(15)}};
  NftBatch batch(1);
  AddSwitch(batch, RunId("r"), ObjectsOf(program), {}, open);
  ExpectGolden("switch_both", batch);
}

TEST(GoldenTest, Remove) {
  NftBatch batch(1);
  AddRemove(batch, ObjectsOf(Paris()), NftFamily::kNetdev);
  ExpectGolden("remove", batch);
}

TEST(GoldenTest, Ranges) {
  Program program = Paris();
  // Touching prefixes, the first address and the last one.
  program.prefix_sets = {Set({"0.0.0.0/8", "10.0.0.0/24", "10.0.1.0/25", "255.255.255.0/24"})};
  program.steps = {{.index = 0, .incoming = {{.sources = 0}}}};
  NftBatch batch(1);
  AddInstall(batch, program, {});
  ExpectGolden("ranges", batch);
}

TEST(GoldenTest, Attach) {
  Program program = FromParis(Drop());
  // Something in the other table.
  program.steps.push_back({.index = 1, .effect = Reject(), .outgoing = {kToParis}});
  RunObjects objects = ObjectsOf(program);
  const Place places[] = {Place::kBlockIn};
  NftBatch batch(1);
  AddAttach(batch, program, objects, places, "eth1", "");
  ExpectGolden("attach", batch);
}

// The kinds of faults: the steps' chains alone.

TEST(GoldenTest, Reject) { ExpectGolden("reject", StepBatch(FromParis(faultline::Reject()))); }

TEST(GoldenTest, RejectOutgoing) {
  ExpectGolden("reject_outgoing",
               StepBatch(MakeProgram({{.index = 0, .effect = faultline::Reject(), .outgoing = {kToParis}}})));
}

TEST(GoldenTest, NewConnections) {
  ExpectGolden("new_connections", StepBatch(FromParis(Drop(), {.connection = Connection::kNew})));
}

TEST(GoldenTest, EstablishedConnections) {
  ExpectGolden("established_connections", StepBatch(FromParis(Drop(), {.connection = Connection::kEstablished})));
}

TEST(GoldenTest, Impairment) {
  ExpectGolden("impairment", StepBatch(MakeProgram({{.index = 0,
                                                     .effect = testing::Delay(std::chrono::milliseconds(80)),
                                                     .incoming = {kFromParis},
                                                     .outgoing = {kToParis}}})));
}

TEST(GoldenTest, LossByRule) {
  Program program = FromParis(testing::Loss(Ratio::Percent(10)));
  program.steps[0].lane = LaneKind::kLossByRule;
  ExpectGolden("loss_by_rule", StepBatch(program));
}

TEST(GoldenTest, LossByRuleChanged) {
  NftBatch batch(1);
  ChangeDraw(batch, RunId("r"), 0, Ratio::Percent(20));
  ExpectGolden("loss_by_rule_changed", batch);
}

// Every part of a filter.

TEST(GoldenTest, FilterPorts) {
  ExpectGolden("filter_ports", StepBatch(FromParis(Drop(), {.protocol = Protocol::kTcp,
                                                            .destination_ports = {{3000, 3000}, {4000, 4002}},
                                                            .source_ports = {{1024, 65535}}})));
}

TEST(GoldenTest, FilterEitherPorts) {
  ExpectGolden("filter_either_ports", StepBatch(FromParis(Drop(), {.either_ports = {{53, 53}, {853, 853}}})));
}

TEST(GoldenTest, FilterExceptions) {
  ExpectGolden("filter_exceptions",
               StepBatch(FromParis(Drop(), {.except_ports = {{9100, 9100}}, .except_addresses = 2})));
}

TEST(GoldenTest, FilterDscpAndProtocol) {
  ExpectGolden("filter_dscp", StepBatch(FromParis(Drop(), {.protocol = Protocol::kIcmp, .dscp = 46})));
}

TEST(GoldenTest, FilterInterfaces) {
  ExpectGolden("filter_interfaces", StepBatch(FromParis(Drop(), {.interfaces = {"eth0", "eth1"}})));
}

}  // namespace
}  // namespace faultline
