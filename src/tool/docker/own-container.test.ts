import { expect, it } from "vitest"
import { ownId } from "./own-container.ts"

const ID = "0f3c9a2b".repeat(8)

it.each([
  ["of a name server's file", `612 600 254:0 /var/lib/docker/containers/${ID}/resolv.conf /etc/resolv.conf rw - ext4 /dev/vda rw\n`],
  [
    "of the host's name, from another data root",
    `613 600 254:0 /srv/engine/containers/${ID}/hostname /etc/hostname rw - ext4 /dev/vda rw\n`,
  ],
  ["of its hosts", `1 2 0:3 /x/y/containers/${ID}/hosts /etc/hosts rw - xfs /dev/sda rw\n`],
])("the id of our container is known by the mount %s", (_which, mounts) => {
  expect(ownId(`600 599 0:50 / / rw - overlay overlay rw\n${mounts}`)).toBe(ID)
})

it.each([
  ["on a host", "24 1 254:0 / / rw - ext4 /dev/vda rw\n"],
  ["where a volume has such a folder", `24 1 254:0 /var/lib/docker/containers/${ID}/mounts/shm /dev/shm rw - tmpfs shm rw\n`],
  ["where the name is no id", "24 1 254:0 /srv/containers/web/hostname /etc/hostname rw - ext4 /dev/vda rw\n"],
])("%s there is none", (_where, mounts) => {
  expect(ownId(mounts)).toBeNull()
})
