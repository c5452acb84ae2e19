import { describe, expect, it } from "vitest"
import { namesOf, placeOf } from "./address.ts"
import { arrivalOf } from "./source.ts"

const place = (listen: string, more: object = {}) => placeOf({ listen, trustedProxies: [], ...more })

describe("where the panel listens", () => {
  it("is this machine alone unless TLS or a proxy is there", () => {
    expect(place("127.0.0.1:8420")).toMatchObject({ host: "127.0.0.1", port: 8420 })
    for (const listen of ["10.0.0.5:8420", "0.0.0.0:8420", "[::]:8420", "holdfast.example.com:80"]) {
      expect(() => place(listen)).toThrow(`the panel does not listen on ${listen}`)
    }
    expect(place("10.0.0.5:8420", { trustedProxies: ["10.0.0.1"] }).host).toBe("10.0.0.5")
    expect(place("10.0.0.5:8420", { tls: { certificate: "c", key: "k" } }).host).toBe("10.0.0.5")
  })

  it("needs a name to be checked where it is every address", () => {
    expect(() => place("0.0.0.0:8420", { trustedProxies: ["10.0.0.1"] })).toThrow("does not listen on 0.0.0.0:8420")
    expect(place("0.0.0.0:8420", { trustedProxies: ["10.0.0.1"], baseUrl: "https://hf.example.com" }).port).toBe(8420)
  })

  it("is an address and a port, and proxies are addresses or networks", () => {
    for (const listen of ["8420", "127.0.0.1", "127.0.0.1:99999", ""]) expect(() => place(listen)).toThrow("not an address and a port")
    for (const proxy of ["proxy.example.com", "10.0.0.0/33", "10.0.0.0/x"]) {
      expect(() => place("127.0.0.1:1", { trustedProxies: [proxy] })).toThrow("no address or network")
    }
  })

  it("has the names that people use, with the port as browsers send it", () => {
    const { hosts, origins } = namesOf(place("127.0.0.1:8420", { baseUrl: "https://hf.example.com" }), 8420)
    expect([...hosts]).toEqual(["hf.example.com", "127.0.0.1:8420", "localhost:8420", "[::1]:8420"])
    expect(origins[0]).toBe("https://hf.example.com")
  })
})

describe("where a request comes from", () => {
  const { trusted } = place("127.0.0.1:8420", { trustedProxies: ["10.0.0.0/8", "::1"] })
  const from = (peer: string, headers: Record<string, string>) => arrivalOf(peer, new Headers(headers), trusted)

  it("is what the connection says, whatever a stranger writes", () => {
    expect(from("203.0.113.9", { "x-forwarded-for": "10.0.0.1", "x-forwarded-host": "hf.example.com", host: "evil.example" })).toEqual({
      source: "203.0.113.9",
      host: "evil.example",
    })
  })

  it("is the nearest that no trusted proxy stands for", () => {
    expect(from("10.0.0.1", { "x-forwarded-for": "198.51.100.7, 203.0.113.9, 10.0.0.2", host: "inside" }).source).toBe("203.0.113.9")
    expect(from("::ffff:10.0.0.1", { "x-forwarded-for": "203.0.113.9", "x-forwarded-host": "HF.example.com" })).toEqual({
      source: "203.0.113.9",
      host: "hf.example.com",
    })
    expect(from("::1", {}).source).toBe("::1")
  })
})
