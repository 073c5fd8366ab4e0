// Batches byte for byte. A golden file holds one batch, four bytes to a line, below the nft commands that do the
// same. After an intended change: FAULTLINE_UPDATE_GOLDEN=1 writes them anew, keeping the comments; read the diff.

#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/kernel/nft_names.h"
#include "agent/kernel/nft_program.h"

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
    Write(name, golden);
    return;
  }
  ASSERT_FALSE(golden.comments.empty()) << PathOf(name) << " is missing, or does not begin with its nft command";
  if (golden.lines != now) ADD_FAILURE() << PathOf(name) << "\n" << TwoColumns(golden.lines, now);
}

PrefixSet Set(std::initializer_list<const char*> texts) {
  std::vector<Prefix> prefixes;
  for (const char* text : texts) prefixes.push_back(*Prefix::Parse(text));
  return PrefixSet(std::move(prefixes));
}

// Step 0 drops what comes from Paris, step 1 swallows what goes there.
Program Paris() {
  Program program{.run = RunId("r"), .devices = {"eth0", "eth1"}};
  program.protect.endpoints = {{*IpAddress::Parse("172.33.7.44"), 7440}};
  program.prefix_sets = {Set({"172.33.0.0/16", "fd21::/48"}), Set({"172.33.8.0/24"})};
  program.steps = {{.index = 0, .ingress_drop = {{.sources = 0}}},
                   {.index = 1, .egress_blackhole = {{.destinations = 0, .except_destinations = 1}}}};
  return program;
}

TEST(GoldenTest, Table) {
  NftBatch batch(1);
  AddTable(batch, NftVerb::kCreate, kTableName, /*owned=*/true);
  AddTable(batch, NftVerb::kDelete, kTableName, /*owned=*/true);
  ExpectGolden("table", batch);
}

TEST(GoldenTest, Install) {
  NftBatch batch(1);
  AddInstall(batch, Paris(), /*lane=*/7);
  ExpectGolden("install", batch);
}

TEST(GoldenTest, Switch) {
  const StepIndex close[] = {0};
  const GateOpening open[] = {{1, std::chrono::seconds(15)}};
  NftBatch batch(1);
  AddSwitch(batch, RunId("r"), ObjectsOf(Paris()), close, open);
  ExpectGolden("switch", batch);
}

TEST(GoldenTest, Remove) {
  NftBatch batch(1);
  AddRemove(batch, ObjectsOf(Paris()));
  ExpectGolden("remove", batch);
}

TEST(GoldenTest, Ranges) {
  Program program = Paris();
  // Touching prefixes, the first address and the last one.
  program.prefix_sets = {Set({"0.0.0.0/8", "10.0.0.0/24", "10.0.1.0/25", "255.255.255.0/24"})};
  program.steps = {{.index = 0, .ingress_drop = {{.sources = 0}}}};
  NftBatch batch(1);
  AddInstall(batch, program, 0);
  ExpectGolden("ranges", batch);
}

}  // namespace
}  // namespace faultline
