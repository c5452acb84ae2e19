import { expect, it } from "vitest"
import { sharersOf } from "./sharers.ts"

const document = {
  services: {
    api: { image: "api" },
    vpn: { image: "vpn" },
    tunnel: { network_mode: "service:api" },
    debug: { pid: "service:tunnel", ipc: "shareable" },
    heir: { volumes_from: ["api:ro", "container:abc"] },
    memory: { ipc: "service:api" },
    behind: { network_mode: "service:vpn" },
    host: { network_mode: "host", pid: null },
  },
}
const all = Object.keys(document.services)

it("services that share the network, memory, processes or volumes of one that is made anew are made anew with it, and who shares theirs", () => {
  expect(sharersOf(document, ["api"], all)).toEqual(["debug", "heir", "memory", "tunnel"])
  expect(sharersOf(document, ["vpn"], all)).toEqual(["behind"])
  expect(sharersOf(document, ["vpn", "behind"], all)).toEqual([])
  expect(sharersOf(document, ["host"], all)).toEqual([])
})

it("a service that does not run is left as it is, and nobody shares it", () => {
  expect(sharersOf(document, ["api"], ["api", "debug", "heir"])).toEqual(["heir"])
  expect(sharersOf({}, ["api"], ["api"])).toEqual([])
})
