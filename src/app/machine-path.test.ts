import { describe, expect, it } from "vitest"
import { isOfMachine } from "./machine-path.ts"

describe("what belongs to the machine and not to an app", () => {
  it.each([
    "/",
    "/etc",
    "/etc/",
    "/etc/localtime",
    "/etc/ssl/certs",
    "/proc",
    "/sys/fs/cgroup",
    "/dev/disk/",
    "/run/docker.sock",
    "/var/run/docker.sock",
    "/var/log",
    "/var/log/nginx",
    "/usr",
    "/usr/bin",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/share/zoneinfo/Europe",
    "/lib/modules",
    "/lib64",
    "/sbin",
    "/boot",
    "/var",
    "/var/lib",
    "/var/lib/docker",
    "/var/lib/docker/containers",
    "/var/lib/docker/volumes",
    "/var/lib/containerd/",
    "/var/lib/containers/storage/overlay",
  ])("is %s", (path) => {
    expect(isOfMachine(path)).toBe(true)
  })

  it.each([
    "/etc/chat",
    "/etc/letsencrypt",
    "/etc/hostess",
    "/srv/chat",
    "/srv/proc",
    "/home/ada/chat",
    "/opt/chat/run",
    "/root/chat",
    "/usr/local/chat/data",
    "/usr/share/chat",
    "/var/cache/chat",
    "/devices",
    "/libraries",
    "/var/lib/chat",
    "/var/lib/dockerish",
    "/var/lib/postgresql/data",
    "/var/lib/docker/volumes/chat_media/_data",
    "/var/lib/containers/storage/volumes/chat_media/_data",
    "/home",
    "/srv/",
    "/opt",
    "/root",
    "/mnt",
    "/media/disk",
    "/data",
  ])("is not %s", (path) => {
    expect(isOfMachine(path)).toBe(false)
  })
})
