# faultline-agent: five moments in the life of the package.

# Every fault on this node ends now, through the agent that runs or without it. Where there is no kernel to change, as in
# the building of an image, there are no faults.
heal() {
  ! command -v faultline-agent >/dev/null || faultline-agent heal >/dev/null 2>&1 || :
}

# By the program that made the faults.
before_upgrade() {
  heal
}

after_install() {
  make_accounts faultline-agent
  reload_units
  enable_units faultline-agent.service faultline-agent.path
  unit_action start faultline-agent.path faultline-agent.service
  if [ -e /var/lib/faultline-agent/node.crt ]; then
    cat <<'END'
faultline-agent: this node is enrolled. The next two commands:
  faultline nodes             on the controller's host: who is there
  faultline-agent status      here: what acts on this node, and when it ends
END
  else
    cat <<'END'
faultline-agent: this node is not enrolled yet, and waits. The next two commands:
  faultline token create                                            on the controller's host
  faultline-agent enroll --controller HOST:7400 --token TOKEN       here; the agent then starts by itself
END
  fi
}

after_upgrade() {
  make_accounts faultline-agent
  reload_units
  renew_units faultline-agent.path faultline-agent.service
}

before_removal() {
  unit_action stop faultline-agent.path faultline-agent.service
  heal
}

after_removal() {
  disable_units faultline-agent.service faultline-agent.path
  reload_units
}

# The account stays: its number must not become somebody else's.
after_purge() {
  forget_units faultline-agent.service faultline-agent.path
  rm -rf /var/lib/faultline-agent
  rmdir /etc/faultline 2>/dev/null || :
}
