# What the scripts of every package call. In plain sh; without systemd running, nothing is started or stopped.

# Whether systemd is running here: not in a chroot, nor in most containers.
booted() {
  [ -d /run/systemd/system ]
}

reload_units() {
  ! booted || systemctl --system daemon-reload || :
}

# make_accounts NAME: users, groups and folders, as NAME.conf in sysusers.d and tmpfiles.d says.
make_accounts() {
  systemd-sysusers "$1.conf"
  [ ! -e "/usr/lib/tmpfiles.d/$1.conf" ] || systemd-tmpfiles --create "$1.conf" || :
}
