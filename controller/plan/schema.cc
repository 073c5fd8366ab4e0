#include "controller/plan/schema.h"

#include <initializer_list>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "controller/plan/keys.h"

namespace faultline {
namespace {

// Schemas by key, as JSON.
using Schemas = std::map<std::string, std::string>;

std::string Ref(const std::string& name) { return absl::StrCat(R"({"$ref": "#/$defs/)", name, R"("})"); }
std::string OneOrList(const std::string& name) {
  return absl::StrCat(R"({"anyOf": [)", Ref(name), R"(, {"type": "array", "minItems": 1, "items": )", Ref(name), "}]}");
}
std::string ListOf(const std::string& name) {
  return absl::StrCat(R"({"type": "array", "minItems": 1, "items": )", Ref(name), "}");
}
std::string AnyOf(std::initializer_list<std::string> schemas) {
  return absl::StrCat(R"({"anyOf": [)", absl::StrJoin(schemas, ", "), "]}");
}
std::string MapOf(const std::string& schema) {
  return absl::StrCat(R"({"type": "object", "minProperties": 1, "additionalProperties": )", schema, "}");
}

std::string Quoted(absl::string_view text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

// One of the words, or a variable.
std::string Choice(Words words) {
  const std::string list =
      absl::StrJoin(words, ", ", [](std::string* out, const std::string& word) { absl::StrAppend(out, Quoted(word)); });
  return absl::StrCat(R"({"anyOf": [{"enum": [)", list, "]}, ", Ref("variable"), "]}");
}

// A text that a pattern describes, or a variable.
std::string Pattern(absl::string_view pattern) {
  return absl::StrCat(R"({"anyOf": [{"type": "string", "pattern": )", Quoted(pattern), "}, ", Ref("variable"),
                      R"(, {"const": 0}]})");
}

// What a key means wherever nothing else is said.
const Schemas& Common() {
  static const Schemas& schemas = *new Schemas{
      {"name", Ref("name")},
      {"at", Ref("duration")},
      {"for", Ref("duration")},
      {"every", Ref("duration")},
      {"timeout", Ref("duration")},
      {"down", Ref("duration")},
      {"up", Ref("duration")},
      {"jitter", Ref("duration")},
      {"delay", Ref("duration")},
      {"rtt", Ref("duration")},
      {"over", Ref("duration")},
      {"from", Ref("text")},
      {"to", Ref("text")},
      {"of", Ref("text")},
      {"group", Ref("text")},
      {"groups", ListOf("text")},
      {"between", ListOf("text")},
      {"count", Ref("number")},
      {"action", Choice(keys::Actions())},
      {"protocol", Choice(keys::Protocols())},
      {"ports", OneOrList("port")},
      {"source_ports", OneOrList("port")},
      {"exclude_ports", OneOrList("port")},
      {"exclude", OneOrList("text")},
      {"interface", OneOrList("text")},
      {"dscp", Ref("text")},
      {"connections", Choice(keys::Connections())},
      {"distribution", Choice(keys::Distributions())},
      {"correlation", Ref("ratio")},
      {"loss", Ref("ratio")},
      {"duplicate", Ref("ratio")},
      {"corrupt", Ref("ratio")},
      {"reorder", Ref("ratio")},
      {"ratio", Ref("ratio")},
      {"rate", Ref("rate")},
      {"command", ListOf("text")},
      {"cidrs", OneOrList("text")},
      {"file", Ref("text")},
      {"service", OneOrList("text")},
      {"region", OneOrList("text")},
  };
  return schemas;
}

// A mapping of these keys; what `own` does not say, Common does.
std::string Object(Words keys, const Schemas& own, std::initializer_list<const char*> required = {}) {
  std::vector<std::string> properties;
  for (const std::string& key : keys) {
    const auto specific = own.find(key);
    const auto common = Common().find(key);
    // A key without a schema may have no value: the schema's test looks for that.
    const std::string schema = specific != own.end()      ? specific->second
                               : common != Common().end() ? common->second
                                                          : "false";
    properties.push_back(absl::StrCat("        ", Quoted(key), ": ", schema));
  }
  std::string needed;
  if (required.size() > 0) {
    needed = absl::StrCat(
        R"("required": [)",
        absl::StrJoin(required, ", ", [](std::string* out, const char* key) { absl::StrAppend(out, Quoted(key)); }),
        "], ");
  }
  return absl::StrCat(R"({"type": "object", "minProperties": 1, )", needed,
                      "\"additionalProperties\": false, \"properties\": {\n", absl::StrJoin(properties, ",\n"),
                      "\n      }}");
}

Schemas Values() {
  return {
      {"variable", R"({"type": "string", "pattern": "\\$\\{[^}]+\\}"})"},
      {"text", R"({"type": ["string", "number", "boolean"]})"},
      {"name", AnyOf({R"({"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"})", Ref("variable"),
                      R"({"type": "number"})"})},
      {"number", AnyOf({R"({"type": "integer", "minimum": 0})", R"({"type": "string", "pattern": "^[0-9]+$"})",
                        Ref("variable")})},
      {"duration", Pattern(R"(^(([0-9]+(\.[0-9]+)?(h|m|s|ms|us|ns))+|PT[0-9.HMS]+|0)$)")},
      {"ratio", Pattern(R"(^([0-9]+(\.[0-9]+)?(%|ppm)|0)$)")},
      {"rate", Pattern(R"(^[0-9]+(\.[0-9]+)?[a-zA-Z]+$)")},
      {"port", AnyOf({R"({"type": "integer", "minimum": 1, "maximum": 65535})",
                      R"({"type": "string", "pattern": "^[0-9]+(-[0-9]+)?$"})", Ref("variable")})},
  };
}

Schemas Groups() {
  const std::string ranges = Object(keys::AwsIpRanges(), {}, {"file"});
  return {{"group", AnyOf({Object(keys::Group(), {{"nodes", OneOrList("text")},
                                                  {"labels", MapOf(Ref("text"))},
                                                  {"dns", OneOrList("text")},
                                                  {"aws_ip_ranges", ranges},
                                                  {"all", OneOrList("text")},
                                                  {"except", OneOrList("text")},
                                                  {"one_of", Ref("text")},
                                                  {"some_of", Ref("text")},
                                                  {"minority_of", Ref("text")},
                                                  {"majority_of", Ref("text")}}),
                           Ref("text")})}};
}

std::string Impair() {
  const std::string share = AnyOf({Ref("ratio"), Object(keys::Share(), {})});
  const std::string bursts =
      Object(keys::GilbertElliott(),
             {{"p", Ref("ratio")}, {"r", Ref("ratio")}, {"1-h", Ref("ratio")}, {"1-k", Ref("ratio")}}, {"p", "r"});
  return Object(
      keys::OfFault(Fault::kImpair),
      {{"samples", OneOrList("text")},
       {"loss", AnyOf({Ref("ratio"), Object(keys::Loss(), {{"gemodel", bursts}})})},
       {"duplicate", share},
       {"corrupt", share},
       {"reorder", AnyOf({Ref("ratio"), R"({"const": "allow"})", Object(keys::Reorder(), {{"gap", Ref("number")}})})},
       {"burst", Ref("text")}});
}

// What may stand in place of a fault's mapping; empty: nothing.
std::string ShortForm(Fault fault) {
  switch (fault) {
    case Fault::kPartition:
      return ListOf("text");
    case Fault::kIsolate:
    case Fault::kRegionDown:
    case Fault::kAzDown:
    case Fault::kHalves:
    case Fault::kBridge:
    case Fault::kMajoritiesRing:
      return Ref("text");
    default:
      return "";
  }
}

std::string FaultSchema(Fault fault) {
  if (fault == Fault::kImpair) return Impair();
  const std::string mapping =
      Object(keys::OfFault(fault), {{"nodes", Ref("text")}, {"region", Ref("text")}, {"az", Ref("text")}});
  const std::string in_short = ShortForm(fault);
  return in_short.empty() ? mapping : AnyOf({in_short, mapping});
}

std::string Near(const char* figure) {
  return AnyOf({Ref(figure), Object(keys::Near(), {{"near", Ref(figure)}, {"within", Ref("text")}}, {"near"})});
}

Schemas Expectations() {
  const Schemas figures = {{"step", Ref("text")},
                           {"reach", Choice(keys::Reachabilities())},
                           {"rtt", Near("duration")},
                           {"delay", Near("duration")},
                           {"loss", Near("ratio")}};
  return {{"expectation", Object(keys::Expectation(), figures, {"step"})},
          {"step_expectation", AnyOf({Ref("text"), Object(keys::StepExpectation(), figures)})}};
}

Schemas Steps() {
  Schemas own = {{"after", Ref("text")},
                 {"times", Ref("number")},
                 {"flap", Object(keys::Flap(), {}, {"down", "up"})},
                 {"ramp", Object(keys::Ramp(), {{"steps", Ref("number")}}, {"over"})},
                 {"semantics", Choice(keys::Semantics())},
                 {"expect", OneOrList("step_expectation")}};
  std::vector<std::string> one_fault;
  Schemas schemas = Expectations();
  for (std::size_t i = 0; i < keys::Faults().size(); ++i) {
    const std::string& key = keys::Faults()[i];
    schemas.emplace(key, FaultSchema(static_cast<Fault>(i)));
    own.emplace(key, Ref(key));
    one_fault.push_back(absl::StrCat(R"({"required": [)", Quoted(key), "]}"));
  }
  std::string step = Object(keys::Step(), own, {"for"});
  step.pop_back();
  schemas.emplace("step", absl::StrCat(step, ", \"oneOf\": [", absl::StrJoin(one_fault, ", "), "]}"));
  return schemas;
}

Schemas Checks() {
  const std::string http =
      AnyOf({Ref("text"),
             Object(keys::Http(),
                    {{"url", Ref("text")}, {"status", Ref("number")}, {"field", Ref("text")}, {"equals", Ref("text")}},
                    {"url"})});
  return {{"guard", Object(keys::Guard(), {{"on_fail", Choice(keys::OnFail())},
                                           {"failures", Ref("number")},
                                           {"http", http},
                                           {"tcp", Ref("text")}})},
          {"observation", Object(keys::Observation(),
                                 {{"at", Choice(keys::ObservationMoments())},
                                  {"before", OneOrList("text")},
                                  {"after", OneOrList("text")},
                                  {"format", Choice(keys::OutputFormats())}},
                                 {"command"})}};
}

std::string Top() {
  const std::string ranges = Object(keys::IpRanges(), {}, {"file", "cidrs"});
  return Object(keys::Plan(),
                {{"version", R"({"const": 1})"},
                 {"description", Ref("text")},
                 {"seed", Ref("number")},
                 {"on_controller_loss", Choice(keys::ControllerLosses())},
                 {"wait_verified", Ref("duration")},
                 {"env", Ref("text")},
                 {"max_nodes", Ref("number")},
                 {"max_share", Ref("ratio")},
                 {"warmup", Ref("duration")},
                 {"cooldown", Ref("duration")},
                 {"length", Ref("duration")},
                 {"vars", MapOf(R"({"type": ["string", "number", "boolean", "null"]})")},
                 {"include", OneOrList("text")},
                 {"groups", MapOf(Ref("group"))},
                 {"steps", ListOf("step")},
                 {"expect", ListOf("expectation")},
                 {"guards", ListOf("guard")},
                 {"observe", ListOf("observation")},
                 {"samples", MapOf(ListOf("duration"))},
                 {"set", MapOf(Ref("text"))},
                 {"included", MapOf(Ref("text"))},
                 {"ip_ranges", absl::StrCat(R"({"type": "array", "items": )", ranges, "}")}},
                {"name", "steps"});
}

}  // namespace

std::string PlanSchema() {
  std::vector<std::string> definitions;
  for (const Schemas& schemas : {Values(), Groups(), Steps(), Checks()}) {
    for (const auto& [name, schema] : schemas) definitions.push_back(absl::StrCat("    ", Quoted(name), ": ", schema));
  }
  std::string top = Top();
  top.erase(0, 1);
  return absl::StrCat("{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n",
                      "  \"title\": \"Faultline plan\",\n  \"$defs\": {\n", absl::StrJoin(definitions, ",\n"),
                      "\n  },\n  ", top, "\n");
}

}  // namespace faultline
