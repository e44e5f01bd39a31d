# A user manager of systemd with a bus and a journal, where no systemd is booted. Its own /run (a mount namespace) keeps all
# that apart from the machine: `/run/systemd/system`, by which programs believe in systemd, and journald's sockets.
# Usage, in a mount namespace of its own, HOME set: sh user-manager.sh FOLDER CGROUP
set -eu
folder=$1 cgroup=$2
mount --bind "$folder/run" /run
# Its user lingers, by a file there.
mount --bind "$folder/state" /var/lib/systemd
mkdir -p /var/lib/systemd/linger
touch "/var/lib/systemd/linger/$(id -un)"
mkdir -p /run/systemd/system /run/systemd/journald.conf.d
printf '[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\n' > /run/systemd/journald.conf.d/test.conf
# Where systemd tracks its processes: version 1, 2 or both.
for hierarchy in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
  [ -e "$hierarchy/cgroup.procs" ] || continue
  mkdir -p "$hierarchy/$cgroup"
  echo $$ > "$hierarchy/$cgroup/cgroup.procs"
done
export XDG_RUNTIME_DIR="$folder/xdg"
export DBUS_SESSION_BUS_ADDRESS="unix:path=$XDG_RUNTIME_DIR/bus"
unset XDG_CONFIG_HOME XDG_DATA_HOME
/lib/systemd/systemd-journald &
dbus-daemon --session --address="$DBUS_SESSION_BUS_ADDRESS" --nofork --nopidfile &
/lib/systemd/systemd --user &
# Whoever started this holds its standard input: without them nothing stays.
cat > /dev/null
exec kill -KILL $(find /sys/fs/cgroup/*/"$cgroup" /sys/fs/cgroup/"$cgroup" -name cgroup.procs -exec cat {} + 2> /dev/null)
