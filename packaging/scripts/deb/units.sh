# Units, as Debian's own packages do it: what somebody masked or disabled stays so, and policy-rc.d is asked.

# unit_action start|stop|try-restart UNIT...: never a reason to fail.
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

# Set: prerm has stopped what ran, and removal came to nothing.
stopped=

# After an upgrade: what runs is started anew, what somebody stopped stays so. What was removed, and so masked, comes back.
renew_units() {
  back=
  for one; do
    if [ -n "$stopped" ] || [ "$(systemctl is-enabled "$one" 2>/dev/null)" = masked ]; then
      back="$back $one "
    fi
  done
  enable_units "$@"
  [ -z "$back" ] || reload_units
  for one; do
    case $back in
      *" $one "*) unit_action start "$one" ;;
      *) unit_action try-restart "$one" ;;
    esac
  done
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
