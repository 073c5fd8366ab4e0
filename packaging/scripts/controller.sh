# faultline-controller: five moments in the life of the package.

# The agent of this host, if there is one that waits: it is enrolled as it starts.
start_local_agent() {
  [ -e /usr/lib/systemd/system/faultline-agent.service ] || return 0
  [ ! -e /var/lib/faultline-agent/node.crt ] || return 0
  # Its package may still be about to be set up, and then starts it itself.
  getent passwd faultline-agent >/dev/null || return 0
  unit_action start faultline-agent.service
}

before_upgrade() {
  :
}

after_install() {
  make_accounts faultline-controller
  reload_units
  enable_units faultline-controller.service
  unit_action start faultline-controller.service
  start_local_agent
  cat <<'END'
faultline-controller: it listens at port 7400, by mutual TLS. The next two commands:
  faultline nodes             who is there
  faultline token create      lets `faultline-agent enroll` on another node have a certificate
END
}

after_upgrade() {
  make_accounts faultline-controller
  reload_units
  renew_units faultline-controller.service
}

before_removal() {
  unit_action stop faultline-controller.service
}

after_removal() {
  disable_units faultline-controller.service
  reload_units
}

# With the authority: whoever still needs it has kept a copy of /etc/faultline/pki. The accounts stay: their numbers must
# not become somebody else's.
after_purge() {
  forget_units faultline-controller.service
  rm -rf /var/lib/faultline /etc/faultline/pki
  rmdir /etc/faultline 2>/dev/null || :
}
