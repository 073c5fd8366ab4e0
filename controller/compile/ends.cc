#include "controller/compile/ends.h"

#include <variant>

namespace faultline {
namespace {

std::vector<std::string> Names(const OneWay& one_way) { return {one_way.from, one_way.to}; }
std::vector<std::string> Names(const Between& between) { return between.groups; }
std::vector<std::string> Names(const Isolate& isolate) {
  return isolate.from ? std::vector{isolate.group, *isolate.from} : std::vector{isolate.group};
}
std::vector<std::string> Names(const Shape& shape) { return {shape.of}; }

std::size_t CountEdges(const OneWay& /*one_way*/) { return 1; }
std::size_t CountEdges(const Between& between) {
  const std::size_t groups = between.groups.size();
  return groups == 0 ? 0 : groups * (groups - 1);
}
std::size_t CountEdges(const Isolate& /*isolate*/) { return 2; }
std::size_t CountEdges(const Shape& /*shape*/) { return 0; }

}  // namespace

std::vector<std::string> GroupsOf(const Ends& ends) {
  return std::visit([](const auto& one) { return Names(one); }, ends);
}

std::size_t EdgeCount(const Ends& ends) {
  return std::visit([](const auto& one) { return CountEdges(one); }, ends);
}

}  // namespace faultline
