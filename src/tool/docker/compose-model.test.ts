import { describe, expect, it } from "vitest"
import { composeModel } from "./compose-model.ts"

const needs = (services: Readonly<Record<string, unknown>>): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(composeModel({ name: "shop", services }, {}).services.map(({ name, needsOfMachine }) => [name, needsOfMachine]))

describe("a resolved compose project", () => {
  it("says which service needs something of the machine that no sandbox has", () => {
    const bind = (source: string) => ({ volumes: [{ type: "bind", source, target: "/x" }] })

    expect(
      needs({
        web: { image: "shop/web", ...bind("/srv/data"), cap_add: ["NET_ADMIN"] },
        proxy: { image: "traefik", network_mode: "host" },
        watch: { image: "watchtower", ...bind("/var/run/docker.sock") },
        node: { image: "exporter", ...bind("/proc") },
        voice: { image: "voice", devices: [{ source: "/dev/snd", target: "/dev/snd" }] },
        beside: { image: "beside", network_mode: "service:web" },
        foreign: { image: "foreign", network_mode: "container:other" },
      }),
    ).toEqual({
      web: undefined,
      proxy: "it uses the host's network",
      watch: "it mounts the engine's socket /var/run/docker.sock",
      node: "it mounts /proc of the host",
      voice: "it uses devices of the host",
      beside: undefined,
      foreign: "it uses the network of a container outside the project",
    })
  })

  it("says nothing of that where it is written in a way that we do not know", () => {
    expect(needs({ web: { image: "shop/web", privileged: "perhaps" } })).toEqual({ web: undefined })
  })
})
