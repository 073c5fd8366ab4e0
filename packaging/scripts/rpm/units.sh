# Units, by systemctl alone.

# unit_action start|stop|try-restart UNIT...: never a reason to fail.
unit_action() {
  ! booted || systemctl --no-ask-password "$@" || :
}

enable_units() {
  systemctl enable "$@" >/dev/null 2>&1 || :
}

# After an upgrade.
renew_units() {
  unit_action try-restart "$@"
}

disable_units() {
  systemctl disable "$@" >/dev/null 2>&1 || :
}
