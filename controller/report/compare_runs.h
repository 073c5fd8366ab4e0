#pragma once

#include <string>
#include <vector>

#include "controller/report/terminal_style.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// One thing of two runs, side by side.
struct ComparedRow {
  // What it is of: "run", "step split", "stage split".
  std::string part;
  std::string what;
  // Empty: this run has no such thing.
  std::string a;
  std::string b;
  // They are judged otherwise, or were made otherwise. Measured figures never are quite the same, and never differ.
  bool differs = false;
  // It is a verdict.
  bool verdict = false;
};

// Two runs side by side. A value.
struct Comparison {
  std::string a;
  std::string b;
  std::vector<ComparedRow> rows;

  bool SameVerdicts() const;
  // The first verdict that differs in the course of the runs: "stage split: as planned, then NOT as planned: 2 of 60
  // edges"; empty when none does.
  std::string FirstDifference() const;
};

// Compares how the runs ended; what they were made with (plan, seed, versions); each step by name: how late it began
// and ended, and how far apart the nodes were; each stage by name: its verdict, that of the connections to each port,
// and between every two groups that both runs have the share lost and the mean delay of its probes; each expectation.
// Pure.
Comparison CompareRuns(const v1::Run& a, const v1::Run& b);

// As a table for terminals, what differs marked; ends with a newline.
std::string RenderComparison(const Comparison& comparison, const TerminalStyle& style);

}  // namespace faultline
