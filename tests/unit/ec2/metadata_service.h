#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/strip.h"
#include "tests/unit/ec2/http_server.h"
#include "tests/unit/ec2/metadata_tree.h"

namespace faultline {

// Instance metadata, version 2, as it should be; what it answers otherwise a test says. Thread-safe.
class MetadataService {
 public:
  // Instead of what it should answer; nullopt: that.
  using Instead = std::function<std::optional<std::optional<std::string>>(const ServedRequest&)>;

  explicit MetadataService(Instead instead = nullptr)
      : instead_(std::move(instead)), server_([this](const ServedRequest& request) { return Answer(request); }) {}

  const MetadataEndpoint& endpoint() const { return server_.endpoint(); }
  int connections() const { return server_.connections(); }

  void Set(const std::string& path, const std::string& text) {
    const std::lock_guard lock(mutex_);
    tree_[path] = text;
  }
  // Tokens that were given are worth nothing any more.
  void ForgetToken() {
    const std::lock_guard lock(mutex_);
    token_.clear();
  }
  // "PUT /latest/api/token", "GET /latest/meta-data/mac", in order.
  std::vector<std::string> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  int tokens() const {
    const std::lock_guard lock(mutex_);
    return tokens_;
  }

 private:
  std::optional<std::string> Answer(const ServedRequest& request) {
    const std::lock_guard lock(mutex_);
    asked_.push_back(absl::StrCat(request.method, " ", request.path));
    if (instead_) {
      if (const auto other = instead_(request)) return *other;
    }
    const auto header = [&request](const char* name) {
      const auto found = request.headers.find(name);
      return found == request.headers.end() ? "" : found->second;
    };
    if (request.method == "PUT") {
      if (request.path != "/latest/api/token" || header("x-aws-ec2-metadata-token-ttl-seconds") != "3600") {
        return HttpServer::Text(400, "");
      }
      token_ = absl::StrCat("token-", ++tokens_, "==");
      return HttpServer::Text(200, token_);
    }
    if (token_.empty() || header("x-aws-ec2-metadata-token") != token_) return HttpServer::Text(401, "");
    absl::string_view path = request.path;
    if (!absl::ConsumePrefix(&path, "/latest/meta-data/")) return HttpServer::Text(404, "");
    const auto text = TextIn(tree_, std::string(path));
    return text.ok() ? HttpServer::Text(200, *text) : HttpServer::Text(404, "<html>");
  }

  const Instead instead_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> tree_ = MetadataTree();
  std::string token_;
  int tokens_ = 0;
  std::vector<std::string> asked_;
  HttpServer server_;
};

}  // namespace faultline
