import { describe, expect, it } from "vitest"
import { isHoldfastError } from "../base/errors.ts"
import { readRegistryCredentials } from "./registry-credentials.ts"

const shown = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...readRegistryCredentials(text)].map(([registry, one]) => [
      registry,
      one.kind === "token" ? `token ${one.token.reveal()}` : `${one.user}:${one.password.reveal()}`,
    ]),
  )

describe("a file of registry credentials", () => {
  it("with nothing but white space means that nobody signs in", () => {
    for (const text of ["", " \n", "{}"]) expect(shown(text)).toEqual({})
  })

  it("is read in each of its forms", () => {
    const auth = Buffer.from("ops:p:w").toString("base64")
    const expected = { "registry.example:5000": "ops:p:w" }

    expect(shown(JSON.stringify({ auths: { "https://registry.example:5000/v2/": { auth } } }))).toEqual(expected)
    expect(shown(JSON.stringify({ registry: "registry.example:5000", username: "ops", password: "p:w" }))).toEqual(expected)
    expect(shown(JSON.stringify([{ registry: "registry.example:5000", username: "ops", password: "p:w" }]))).toEqual(expected)
    expect(shown(JSON.stringify({ "registry.example:5000": { username: "ops", password: "p:w" } }))).toEqual(expected)
    expect(shown(JSON.stringify({ username: "ops", password: "p:w", serveraddress: "registry.example:5000" }))).toEqual(expected)
    expect(shown(JSON.stringify({ auths: { "https://index.docker.io/v1/": { auth } } }))).toEqual({ "docker.io": "ops:p:w" })
    expect(shown(JSON.stringify({ "a.example": { token: "t1" } }))).toEqual({ "a.example": "token t1" })
  })

  it("is refused without repeating it when it is not understood", () => {
    for (const text of ["swordfish", '{"auths":{"a":{"auth":"swordfish"}}}', '{"a":{"username":"swordfish"}}', '["swordfish"]']) {
      const refusal = ((): unknown => {
        try {
          return readRegistryCredentials(text)
        } catch (thrown) {
          return thrown
        }
      })()

      expect(isHoldfastError(refusal, "REGISTRY_AUTH_FAILED")).toBe(true)
      expect(isHoldfastError(refusal) ? `${refusal.message} ${refusal.why ?? ""}` : "").not.toContain("swordfish")
    }
  })
})
