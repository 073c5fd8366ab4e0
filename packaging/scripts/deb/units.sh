# Units, as Debian's own packages do it: what somebody masked or disabled stays so, and policy-rc.d is asked.

# unit_action start|stop|restart UNIT...: never a reason to fail.
unit_action() {
  ! booted || deb-systemd-invoke "$@" || :
}

enable_units() {
  for unit; do
    deb-systemd-helper unmask "$unit" >/dev/null || :
    if deb-systemd-helper --quiet was-enabled "$unit"; then
      deb-systemd-helper enable "$unit" >/dev/null || :
    else
      deb-systemd-helper update-state "$unit" >/dev/null || :
    fi
  done
}

# After an upgrade, or when what was removed comes back.
renew_units() {
  enable_units "$@"
  unit_action restart "$@"
}

# So that they cannot be started while their programs are gone.
disable_units() {
  deb-systemd-helper mask "$@" >/dev/null || :
}

# Nothing is known of them any more, not even that somebody disabled them.
forget_units() {
  deb-systemd-helper purge "$@" >/dev/null || :
  deb-systemd-helper unmask "$@" >/dev/null || :
}
