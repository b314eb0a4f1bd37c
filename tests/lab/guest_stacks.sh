# The stacks: each `stack NAME TRUTH DEVICE WORDS` says how what lies below /mnt/NAME is really kept.
# TRUTH: encrypted, plain, part (some of it plain), memory. Sourced by guest.sh.

# What swaps where, before anything else lies on the machine.
mkdir -p /mnt/swap-{none,raw,crypt,file,hidden,zram,zram-writeback}; stack swap-none memory - "tmpfs, no swap"
record swap-none
part; mkswap -q "$PART" && swapon "$PART" && stack swap-raw plain "$PART" "tmpfs, swap on a plain partition"
record swap-raw; swapoff "$PART"
part; cryptsetup open --type plain --cipher aes-xts-plain64 --key-size 512 --key-file /dev/urandom "$PART" swapc &&
  mkswap -q /dev/mapper/swapc && swapon /dev/mapper/swapc && stack swap-crypt memory /dev/mapper/swapc "tmpfs, swap on plain dm-crypt"
record swap-crypt; swapoff /dev/mapper/swapc; cryptsetup close swapc
part; mkfs.ext4 -q -F "$PART"; mkdir -p /mnt/swapfs; mount "$PART" /mnt/swapfs
dd if=/dev/zero of=/mnt/swapfs/swap bs=1M count=16 status=none; chmod 600 /mnt/swapfs/swap
mkswap -q /mnt/swapfs/swap && swapon /mnt/swapfs/swap && stack swap-file plain "$PART" "tmpfs, swap file on a plain file system"
record swap-file; swapoff /mnt/swapfs/swap; umount /mnt/swapfs
part; mkfs.ext4 -q -F "$PART"; mount "$PART" /mnt/swapfs && dd if=/dev/zero of=/mnt/swapfs/swap bs=1M count=16 status=none && chmod 600 /mnt/swapfs/swap && mkswap -q /mnt/swapfs/swap && swapon /mnt/swapfs/swap && plain=$PART && luks2 swaph && mkfs.ext4 -q -F "$TOP" && mount "$TOP" /mnt/swapfs && touch /mnt/swapfs/swap && stack swap-hidden plain "$plain" "tmpfs, swap file that an encrypted mount hides"
record swap-hidden; umount /mnt/swapfs; swapoff /mnt/swapfs/swap; umount /mnt/swapfs
if [ -e /sys/block/zram0 ]; then
  echo 32M >/sys/block/zram0/disksize; mkswap -q /dev/zram0 && swapon /dev/zram0 && stack swap-zram memory /dev/zram0 "tmpfs, swap on zram"
  record swap-zram; swapoff /dev/zram0; echo 1 >/sys/block/zram0/reset
  if [ -e /sys/block/zram0/backing_dev ]; then
    part; echo "$PART" >/sys/block/zram0/backing_dev; echo 32M >/sys/block/zram0/disksize
    mkswap -q /dev/zram0 && swapon /dev/zram0 && stack swap-zram-writeback part "$PART" "tmpfs, zram that writes back to a plain partition"
    record swap-zram-writeback; swapoff /dev/zram0; echo 1 >/sys/block/zram0/reset
  fi
fi

part; fs raw "$PART" && stack raw plain "$PART" "ext4 on a plain partition"
part; RAWFS=/mnt/rawfs; fs rawfs "$PART"

# Encrypted, each its own way.
part; cryptsetup luksFormat --type luks2 $argon "$PART" && cryptsetup open --key-file $key "$PART" luks2 && TOP=/dev/mapper/luks2 && fs luks2 && stack luks2 encrypted "$TOP" "LUKS2"
part; cryptsetup luksFormat --type luks1 $fast "$PART" && cryptsetup open --key-file $key "$PART" luks1 && TOP=/dev/mapper/luks1 && fs luks1 && stack luks1 encrypted "$TOP" "LUKS1"
part; cryptsetup open --type plain --cipher aes-xts-plain64 --key-size 512 --key-file $key "$PART" plain && TOP=/dev/mapper/plain && fs plain && stack plain encrypted "$TOP" "plain dm-crypt"
part; truncate -s 16M /run/header; cryptsetup luksFormat --type luks2 $fast --header /run/header "$PART" && cryptsetup open --key-file $key --header /run/header "$PART" detached && TOP=/dev/mapper/detached && fs detached && stack detached encrypted "$TOP" "LUKS2, header kept elsewhere"
luks2 auth --cipher aes-xts-plain64 --integrity hmac-sha256 --integrity-no-wipe && mkdir -p /mnt/auth && dd if=/dev/zero of=$TOP bs=1M oflag=direct status=none; fs auth && stack auth encrypted "$TOP" "LUKS2 with hmac-sha256 integrity"
luks2 lvmc && linear lvm-luks "$TOP" LVM-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb && fs lvm-luks && stack lvm-luks encrypted "$TOP" "logical volume on LUKS2"
luks2 loopc && fs loopc && truncate -s 24M /mnt/loopc/image && loop=$(losetup -f --show /mnt/loopc/image) && fs loop-luks "$loop" && stack loop-luks encrypted "$loop" "loop file on a LUKS2 file system"
truncate -s 40M $RAWFS/vault && loop=$(losetup -f --show $RAWFS/vault) && cryptsetup luksFormat --type luks2 $fast "$loop" && cryptsetup open --key-file $key "$loop" vault && TOP=/dev/mapper/vault && fs luks-loop && stack luks-loop encrypted "$TOP" "LUKS2 in a loop file on a plain file system"
luks2 bindc && fs bindc && mkdir -p /mnt/bindc/models $RAWFS/bound && mkdir -p /mnt/bind-luks && mount --bind /mnt/bindc/models /mnt/bind-luks && stack bind-luks encrypted "$TOP" "bind mount of a folder on LUKS2"
luks2 bt1 && ONE=$TOP && luks2 bt2 && mkdir -p /mnt/btrfs-luks && mkfs.btrfs -q -f -m single -d single $ONE "$TOP" && mount $ONE /mnt/btrfs-luks && stack btrfs-luks encrypted "$ONE" "btrfs over two LUKS2 volumes"
luks2 ovu && fs ovu && mkdir -p /mnt/ovu/{upper,work,lower} /mnt/overlay-luks && mount -t overlay overlay -o lowerdir=/mnt/ovu/lower,upperdir=/mnt/ovu/upper,workdir=/mnt/ovu/work /mnt/overlay-luks && stack overlay-luks encrypted - "overlay, all layers on LUKS2"
luks2 mdl1 && ONE=$TOP && luks2 mdl2 && mdadm --create /dev/md10 --run --quiet --level=1 --metadata=1.2 --raid-devices=2 $ONE "$TOP" </dev/null && fs md-luks /dev/md10 && stack md-luks encrypted /dev/md10 "RAID 1 over two LUKS2 volumes"
luks2 jl && ONE=$TOP && luks2 jlj && mke2fs -q -F -b 4096 -O journal_dev "$TOP" && mkdir -p /mnt/journal-luks && mkfs.ext4 -q -F -b 4096 -J device="$TOP" $ONE && mount $ONE /mnt/journal-luks && stack journal-luks encrypted "$ONE" "ext4 and its journal each on LUKS2"
luks2 xl && mkdir -p /mnt/xfs-luks && mkfs.xfs -q -f --unsupported "$TOP" && mount "$TOP" /mnt/xfs-luks && stack xfs-luks encrypted "$TOP" "xfs on LUKS2"
luks2 thinc && part && dmsetup create thinmeta --table "0 8192 linear $TOP 0" && dmsetup create thindata --table "0 65536 linear $TOP 8192" && dd if=/dev/zero of=/dev/mapper/thinmeta bs=4k count=1 status=none && dmsetup create thinpool --table "0 65536 thin-pool /dev/mapper/thinmeta /dev/mapper/thindata 128 0" && dmsetup message thinpool 0 "create_thin 0" && dmsetup create thin --table "0 65536 thin /dev/mapper/thinpool 0" && fs thin-luks /dev/mapper/thin && stack thin-luks encrypted /dev/mapper/thin "thin volume of a pool on LUKS2"
mkdir -p $RAWFS/ec /mnt/ecryptfs && (printf 'laboratory\n' | ecryptfs-add-passphrase --fnek - >/run/ecryptfs.sig || true) && sig=$(grep -o '[0-9a-f]\{16\}' /run/ecryptfs.sig | head -1) && mount -i -t ecryptfs $RAWFS/ec /mnt/ecryptfs -o "ecryptfs_sig=$sig,ecryptfs_cipher=aes,ecryptfs_key_bytes=32" && stack ecryptfs encrypted - "eCryptfs over a plain file system"

# Plain, whatever it is called.
luks2 null2 --cipher cipher_null-ecb --key-size 8 || { part; truncate -s 1 /run/empty; }
[ -e /dev/mapper/null2 ] && fs null2 && stack null2 plain /dev/mapper/null2 "LUKS2 with cipher_null"
part; dmsetup create null1 --uuid CRYPT-LUKS1-0123456789abcdef0123456789abcdef-null1 --table "0 131072 crypt cipher_null-ecb - 0 $PART 0" && fs null1 /dev/mapper/null1 && stack null1 plain /dev/mapper/null1 "LUKS1 table with cipher_null"
part; integritysetup format --batch-mode --no-wipe "$PART" && integritysetup open "$PART" integ && dd if=/dev/zero of=/dev/mapper/integ bs=1M oflag=direct status=none; [ -e /dev/mapper/integ ] && fs integrity /dev/mapper/integ && stack integrity plain /dev/mapper/integ "dm-integrity alone"
part; mkfs.ext4 -q -F -b 4096 "$PART"; DATA=$PART; part; root=$(veritysetup format "$DATA" "$PART" | sed -n 's/^Root hash:[[:space:]]*//p') && veritysetup open "$DATA" verity "$PART" "$root" && mkdir -p /mnt/verity && mount -o ro /dev/mapper/verity /mnt/verity && stack verity plain /dev/mapper/verity "dm-verity"
part; linear lvm-raw "$PART" LVM-ccccccccccccccccccccccccccccccccdddddddddddddddddddddddddddddddd && fs lvm-raw && stack lvm-raw plain "$TOP" "logical volume on a plain partition"
part; linear spoof "$PART" CRYPT-LUKS2-0123456789abcdef0123456789abcdef-spoof && fs spoof && stack spoof plain "$TOP" "linear mapping with the uuid of LUKS2"
part; mkfs.ext4 -q -F "$PART" 24M; cryptsetup reencrypt --encrypt --init-only --type luks2 $fast --reduce-device-size 16M "$PART" reenc && mkdir -p /mnt/reencrypt && mount /dev/mapper/reenc /mnt/reencrypt && stack reencrypt plain /dev/mapper/reenc "encryption begun, nothing encrypted yet"
truncate -s 24M $RAWFS/image && loop=$(losetup -f --show $RAWFS/image) && fs loop-raw "$loop" && stack loop-raw plain "$loop" "loop file on a plain file system"
part; ONE=$PART; part; mdadm --create /dev/md11 --run --quiet --level=0 --metadata=1.2 --raid-devices=2 "$ONE" "$PART" </dev/null && fs md-raw /dev/md11 && stack md-raw plain /dev/md11 "RAID 0 over plain partitions"
luks2 overc && fs over && part && mkfs.ext4 -q -F "$PART" && mount "$PART" /mnt/over && stack over plain "$PART" "plain file system mounted over one on LUKS2"
luks2 bindo && fs bind-raw && mount --bind $RAWFS/bound /mnt/bind-raw && stack bind-raw plain "$PART" "folder of a plain file system bound over one on LUKS2"
[ -d /mnt/luks2 ] && mkdir -p $RAWFS/linked && ln -s $RAWFS/linked /mnt/luks2/link && stack luks2/link plain - "a link on LUKS2 that leads to a plain file system"

# Hidden below what was mounted later under the same name: what has the name now is not what is used.
part && mkdir -p /mnt/hide && mkfs.ext4 -q -F -N 64 -J size=4 "$PART" && mount "$PART" /mnt/hide && mkdir -p /mnt/hide/lower /mnt/overlay-hidden && truncate -s 24M /mnt/hide/image && hidden=$(losetup -f --show /mnt/hide/image) && fs loop-hidden "$hidden" && luks2 ovh && fs ovh && mkdir -p /mnt/ovh/{upper,work} && mount -t overlay overlay -o lowerdir=/mnt/hide/lower,upperdir=/mnt/ovh/upper,workdir=/mnt/ovh/work /mnt/overlay-hidden && luks2 hide && mkfs.ext4 -q -F -N 64 -J size=4 "$TOP" && mount "$TOP" /mnt/hide && mkdir -p /mnt/hide/lower && truncate -s 24M /mnt/hide/image && stack loop-hidden plain "$hidden" "loop file on a plain file system, an encrypted one mounted over it later" && stack overlay-hidden part - "overlay, lower plain, an encrypted file system mounted over it later"

# A part of it plain.
luks2 spanc && part && { s=$(blockdev --getsz "$TOP"); printf '0 %s linear %s 0\n%s 65536 linear %s 0\n' "$s" "$TOP" "$s" "$PART"; } | dmsetup create span --uuid LVM-eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeffffffffffffffffffffffffffffffff && fs span /dev/mapper/span && stack span part /dev/mapper/span "logical volume over LUKS2 and a plain partition"
part; printf '0 65536 crypt aes-xts-plain64 %s 0 %s 0\n65536 65536 linear %s 65536\n' "$(head -c 64 /dev/urandom | od -An -tx1 | tr -d ' \n')" "$PART" "$PART" | dmsetup create half --uuid CRYPT-PLAIN-half && fs half /dev/mapper/half && stack half part /dev/mapper/half "a table of which one target encrypts"
luks2 bm1 && part && mkdir -p /mnt/btrfs-mixed && mkfs.btrfs -q -f -m single -d single "$TOP" "$PART" && mount "$TOP" /mnt/btrfs-mixed && stack btrfs-mixed part "$TOP" "btrfs over LUKS2 and a plain partition"
luks2 ovm && fs ovm && mkdir -p /mnt/ovm/{upper,work} $RAWFS/lower /mnt/overlay-mixed && mount -t overlay overlay -o lowerdir=$RAWFS/lower,upperdir=/mnt/ovm/upper,workdir=/mnt/ovm/work /mnt/overlay-mixed && stack overlay-mixed part - "overlay, upper on LUKS2, lower plain"
luks2 mdm && part && mdadm --create /dev/md12 --run --quiet --level=1 --metadata=1.2 --raid-devices=2 "$TOP" "$PART" </dev/null && fs md-mixed /dev/md12 && stack md-mixed part /dev/md12 "RAID 1, one leg LUKS2, one plain"
luks2 jm && part && mke2fs -q -F -b 4096 -O journal_dev "$PART" && mkdir -p /mnt/journal-raw && mkfs.ext4 -q -F -b 4096 -J device="$PART" "$TOP" && mount "$TOP" /mnt/journal-raw && stack journal-raw part "$TOP" "ext4 on LUKS2, its journal plain"
luks2 xm && part && mkdir -p /mnt/xfs-log && mkfs.xfs -q -f --unsupported -l logdev="$PART",size=16m "$TOP" && mount -o logdev="$PART" "$TOP" /mnt/xfs-log && stack xfs-log part "$TOP" "xfs on LUKS2, its log plain"
luks2 snapc && part && dmsetup create snap --table "0 65536 snapshot $TOP $PART N 8" && fs snapshot /dev/mapper/snap && stack snapshot part /dev/mapper/snap "snapshot of LUKS2, changes kept plain"
luks2 wcc && part && dmsetup create wc --table "0 $(blockdev --getsz "$TOP") writecache s $TOP $PART 4096 0" && fs writecache /dev/mapper/wc && stack writecache part /dev/mapper/wc "LUKS2 behind a plain write cache"
luks2 bcb && part && make-bcache --wipe-bcache --bucket 64k --block 4k -B "$TOP" -C "$PART" >/dev/null && { for one in "$PART" "$TOP"; do echo "$one" >/sys/fs/bcache/register; done; sleep 0.3; grep -q -v "no cache" /sys/block/bcache0/bcache/state; } && fs bcache /dev/bcache0 && stack bcache part /dev/bcache0 "bcache: LUKS2 behind a plain cache"
[ -d /mnt/bcache ] || dmesg | grep -i bcache
luks2 f2c && part && mkdir -p /mnt/f2fs-mixed && mkfs.f2fs -q -f -c "$PART" "$TOP" >/dev/null && mount "$TOP" /mnt/f2fs-mixed && stack f2fs-mixed part "$TOP" "f2fs over LUKS2 and a plain partition"
luks2 deep && fs deep && part && mkfs.ext4 -q -F "$PART" && mkdir -p /mnt/deep/old && mount "$PART" /mnt/deep/old && stack deep part "$TOP" "LUKS2 with a plain file system mounted below"
if [ -e /sys/block/zram0/backing_dev ]; then
  part; echo "$PART" >/sys/block/zram0/backing_dev; echo 48M >/sys/block/zram0/disksize; fs zram-writeback /dev/zram0 && stack zram-writeback part /dev/zram0 "zram that writes back to a plain partition"
fi
record stacks
