#!/bin/bash
# Runs as the first process of a User Mode Linux: builds real storage stacks, then has them judged.
# Arguments come from the environment (the kernel's command line): LAB (this folder), OUT (a host
# folder for results), MODULES (the kernel's modules), PYTHON. Nothing of the host is written but OUT.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DM_DISABLE_UDEV=1 LC_ALL=C HOME=/mnt
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /mnt
mkdir -p /run/kernel/lib && ln -s "$MODULES" /run/kernel/lib/modules
mkdir -p /run/out /run/bin /run/cryptsetup /mnt/key
mount -t hostfs none /run/out -o "$OUT"
exec >/run/out/guest.log 2>&1
mkdir /run/rec && chmod 1777 /run/rec
cat >/run/bin/modprobe <<END
#!/bin/sh
exec /sbin/modprobe -d /run/kernel "\$@"
END
chmod 755 /run/bin/modprobe
echo /run/bin/modprobe >/proc/sys/kernel/modprobe
# The accounts of the machine that lends its files are nobody's business.
printf 'root:x:0:0::/root:/bin/bash\nnobody:x:65534:65534::/nonexistent:/bin/false\n' >/run/passwd
mount --bind /run/passwd /etc/passwd
# dm-crypt asks for its ciphers where no module can be loaded any more: they come first.
for module in aes_generic cbc xts ecb hmac sha256_generic sha1_generic crypto_null authenc essiv \
  dm_mod dm_crypt dm_integrity dm_verity dm_snapshot dm_writecache dm_thin_pool loop overlay btrfs \
  xfs f2fs ecryptfs zram raid0 raid1 bcache ext4 algif_skcipher algif_hash md5 ecb crc32c_generic; do
  /run/bin/modprobe "$module" || echo "no module $module"
done
[ -e /dev/mapper/control ] || { mkdir -p /dev/mapper; mknod /dev/mapper/control c 10 236; }

number=0
part() {  # the next unused partition: a plain disk of its own
  number=$((number + 1))
  local disk=$(((number - 1) / 14)) slot=$(((number - 1) % 14 + 1))
  local name=/dev/ubd$(printf "\\$(printf %o $((97 + disk)))")
  [ -b "$name$slot" ] || addpart "$name" "$slot" $((2048 + (slot - 1) * 131072)) 131072
  PART=$name$slot
}
key=/run/key
head -c 64 /dev/urandom >$key
stack() { printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" >>/run/out/stacks.tsv; }  # name truth top words
fast="--batch-mode --key-file $key --pbkdf pbkdf2 --pbkdf-force-iterations 1000"
argon="--batch-mode --key-file $key --pbkdf argon2id --pbkdf-memory 65536 --pbkdf-force-iterations 4 --pbkdf-parallel 1"
# Programs start slowly here. One header is made by cryptsetup; a volume with nothing special about
# it gets a copy, and the mapping that cryptsetup would make of it.
truncate -s 32M /run/template && cryptsetup luksFormat --type luks2 $fast /run/template
uuid=$(cryptsetup luksUUID /run/template)
volume_key=$(head -c 64 /dev/urandom | od -An -tx1 | tr -d ' \n')
luks2() {  # name [cryptsetup options]: an opened LUKS2 volume on a partition of its own
  local name=$1; shift
  part; BELOW=$PART; TOP=/dev/mapper/$name
  if [ $# = 0 ]; then
    dd if=/run/template of="$PART" bs=1M count=1 status=none conv=notrunc &&
      dmsetup create "$name" --uuid "CRYPT-LUKS2-${uuid//-/}-$name" --table "0 98304 crypt aes-xts-plain64 $volume_key 0 $PART 32768"
  else
    cryptsetup luksFormat --type luks2 $fast "$@" "$PART" && cryptsetup open --key-file $key "$PART" "$name"
  fi
}
fs() {  # name [device]: ext4 on it, mounted
  mkdir -p "/mnt/$1"; mkfs.ext4 -q -F -N 64 -J size=4 "${2:-$TOP}" && mount "${2:-$TOP}" "/mnt/$1" && touch "/mnt/$1/model.bin"
}
linear() { dmsetup create "$1" ${3:+--uuid "$3"} --table "0 $(blockdev --getsz "$2") linear $2 0"; TOP=/dev/mapper/$1; }

date -u +%F >/run/out/date
mkfifo /run/phase /run/done
"$PYTHON" "$LAB/guest_record.py" </run/phase >/run/done &
exec 7>/run/phase 8</run/done
record() { echo "$1" >&7; read -r _ <&8; }
cd /run || exit 1
exec 9>/run/out/trace; BASH_XTRACEFD=9; PS4='+$EPOCHREALTIME '; set -x
source "$LAB/guest_stacks.sh"
cp -r /run/rec/. /run/out/
touch /run/out/finished
sync
"$PYTHON" -c 'import ctypes; ctypes.CDLL(None).reboot(0x4321FEDC)'
