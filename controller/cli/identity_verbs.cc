#include <memory>

#include "absl/strings/str_cat.h"
#include "common/timeline_codec.h"
#include "controller/cli/identity_call.h"
#include "controller/cli/identity_text.h"
#include "controller/cli/moment.h"
#include "controller/cli/verbs.h"

namespace faultline {
namespace {

using IdentityStub = v1::IdentityService::Stub;

struct IdentityArguments {
  std::string name;
  std::string role;
  std::string ttl = "1h";
  std::uint32_t uses = 1;
  std::string nodes;
  std::string user;
  bool replaces = false;
};

absl::StatusOr<v1::CreateTokenRequest> CreateRequest(const IdentityArguments& arguments) {
  FAULTLINE_ASSIGN_OR_RETURN(const Duration ttl, ForOption("--ttl", ParseLength(arguments.ttl)));
  if (!arguments.user.empty() && !arguments.nodes.empty()) {
    return absl::InvalidArgumentError("a token is either for nodes (--node) or for one user (--user)");
  }
  if (arguments.user.empty() != arguments.role.empty()) {
    return absl::InvalidArgumentError("--user and --role go together, such as --user alice --role operator");
  }
  v1::CreateTokenRequest request;
  *request.mutable_lifetime() = EncodeDuration(ttl);
  v1::Token& token = *request.mutable_token();
  token.set_kind(arguments.user.empty() ? v1::SUBJECT_KIND_NODE : v1::SUBJECT_KIND_USER);
  token.set_names(arguments.user.empty() ? arguments.nodes : arguments.user);
  token.set_role(arguments.role);
  token.set_uses(arguments.uses);
  token.set_replaces(arguments.replaces);
  return request;
}

// The token alone goes to standard output: for a script.
ExitCode CreateToken(const CommonArguments& common, const IdentityArguments& arguments) {
  const absl::StatusOr<v1::CreateTokenRequest> request = CreateRequest(arguments);
  if (!request.ok()) return Fail(request.status());
  const ExitCode code = CallIdentityAndPrint(common, &IdentityStub::CreateToken, *request,
                                             [](const auto& response) { return absl::StrCat(response.text(), "\n"); });
  if (code == ExitCode::kOk && !common.json) {
    std::cerr << (arguments.user.empty() ? "on the node: faultline-agent enroll"
                                         : absl::StrCat(arguments.user, " types: faultline login"))
              << " --controller HOST:PORT --token TOKEN; keep it secret until then\n";
  }
  return code;
}

ExitCode RemoveToken(const CommonArguments& common, const std::string& id) {
  v1::RemoveTokenRequest request;
  request.set_id(id);
  return CallIdentityAndPrint(common, &IdentityStub::RemoveToken, request,
                              [](const v1::RemoveTokenResponse&) { return "the token is of no use any more\n"; });
}

ExitCode List(const CommonArguments& common, v1::SubjectKind kind) {
  v1::ListIdentitiesRequest request;
  request.set_kind(kind);
  return CallIdentityAndPrint(common, &IdentityStub::ListIdentities, request,
                              [kind](const auto& response) { return RenderIdentities(response, kind); });
}

ExitCode Revoke(const CommonArguments& common, v1::SubjectKind kind, const std::string& name) {
  v1::RevokeRequest request;
  request.set_kind(kind);
  request.set_name(name);
  return CallIdentityAndPrint(common, &IdentityStub::Revoke, request,
                              [&](const auto& response) { return RenderRevoked(name, response); });
}

ExitCode SetRole(const CommonArguments& common, const IdentityArguments& arguments) {
  v1::SetRoleRequest request;
  request.set_user(arguments.name);
  request.set_role(arguments.role);
  return CallIdentityAndPrint(common, &IdentityStub::SetRole, request, [&](const v1::SetRoleResponse&) {
    return absl::StrCat(arguments.name, " is ", arguments.role, " now\n");
  });
}

void AddTokenVerbs(CommandLine& line, const std::shared_ptr<IdentityArguments>& arguments) {
  CLI::App& noun = line.AddNoun("token", "Secrets that admit nodes and people, each for a while");
  CLI::App& create = line.AddVerb(noun, "create", "Make a token, and print it this once",
                                  "faultline token create --ttl 1h --uses 6 --node 'lon-*'\n"
                                  "         faultline token create --user alice --role operator",
                                  [&line, arguments] { return CreateToken(line.common(), *arguments); });
  create.add_option("--ttl", arguments->ttl, "For how long it can be used: 10m, 7d")->capture_default_str();
  create.add_option("--uses", arguments->uses, "How many it admits")->capture_default_str();
  create.add_option("--node", arguments->nodes, "Only nodes with such a name: 'lon-*'; otherwise any");
  create.add_option("--user", arguments->user, "Admit this user instead of nodes");
  create.add_option("--role", arguments->role, "What the user may do: viewer, operator or admin");
  create.add_flag("--replace", arguments->replaces,
                  "Also a name that is enrolled, of a machine made anew: what it has is then refused");
  line.AddVerb(
      noun, "list", "The tokens that can still be used, without their secrets", "faultline token list --json", [&line] {
        return CallIdentityAndPrint(line.common(), &IdentityStub::ListTokens, v1::ListTokensRequest(), RenderTokens);
      });
  line.AddVerb(noun, "remove", "Make a token useless", "faultline token remove 1f0c5d7e9a2b4c68",
               [&line, arguments] { return RemoveToken(line.common(), arguments->name); })
      .add_option("TOKEN", arguments->name, "What `faultline token list` shows, or the token itself")
      ->required();
}

void AddUserVerbs(CommandLine& line, const std::shared_ptr<IdentityArguments>& arguments) {
  CLI::App& noun = line.AddNoun("user", "People with certificates, and what they may do");
  line.AddVerb(noun, "list", "Every user", "faultline user list --json",
               [&line] { return List(line.common(), v1::SUBJECT_KIND_USER); });
  CLI::App& role = line.AddVerb(noun, "role", "What a user may do from now on", "faultline user role alice operator",
                                [&line, arguments] { return SetRole(line.common(), *arguments); });
  role.add_option("NAME", arguments->name, "The user")->required();
  role.add_option("ROLE", arguments->role, "viewer, operator or admin")->required();
  line.AddVerb(noun, "remove", "Refuse a user's certificates, and forget the role", "faultline user remove alice",
               [&line, arguments] { return Revoke(line.common(), v1::SUBJECT_KIND_USER, arguments->name); })
      .add_option("NAME", arguments->name, "The user")
      ->required();
}

void AddNodeVerbs(CommandLine& line, const std::shared_ptr<IdentityArguments>& arguments) {
  CLI::App& noun = line.AddNoun("node", "Nodes with certificates; `faultline nodes` shows those that are connected");
  line.AddVerb(noun, "list", "Every node that was enrolled", "faultline node list --json",
               [&line] { return List(line.common(), v1::SUBJECT_KIND_NODE); });
  line.AddVerb(noun, "revoke", "Refuse a node's certificates, and end its session now", "faultline node revoke lon-1",
               [&line, arguments] { return Revoke(line.common(), v1::SUBJECT_KIND_NODE, arguments->name); })
      .add_option("NAME", arguments->name, "The node")
      ->required();
}

}  // namespace

void AddIdentityVerbs(CommandLine& line) {
  const auto arguments = std::make_shared<IdentityArguments>();
  AddTokenVerbs(line, arguments);
  AddNodeVerbs(line, arguments);
  AddUserVerbs(line, arguments);
}

}  // namespace faultline
