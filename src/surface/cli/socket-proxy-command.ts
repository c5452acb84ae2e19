import type { CommandSpec } from "./command-spec.ts"

/** `holdfast socket-proxy` */
export const socketProxyCommand: CommandSpec = {
  name: "socket-proxy",
  summary: "let others use the Docker engine for the named projects, and for nothing else",
  settles: "never",
  options: [
    { flags: "--listen <place>", summary: "a unix socket or a loopback address, such as /run/proxy/docker.sock or 127.0.0.1:2375" },
    { flags: "--socket <path>", summary: "of the engine (/var/run/docker.sock unless told)" },
    { flags: "--project <name>", summary: "a compose project that may be reached", repeats: true },
    {
      flags: "--allow-path <path>",
      summary: "host path that containers may be given, and what is below it; `:ro` only to be read",
      repeats: true,
    },
    { flags: "--allow <what>", summary: "exec, attach (streams of a container), archive (docker cp); none unless told", repeats: true },
    { flags: "--allow-capability <name>", summary: "beyond those that every container has", repeats: true },
    { flags: "--repository <name>", summary: "only images of this repository; they may also be tagged and removed", repeats: true },
    { flags: "--digests-only", summary: "pull images only by digest" },
    { flags: "--internal-network", summary: "listen where others could come in: only an internal network of containers reaches it" },
  ],
  load: async () => await import("./command/socket-proxy.ts"),
}
