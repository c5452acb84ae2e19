import { expect, it } from "vitest"
import { passkeyName } from "./sign-in.ts"

it.each([
  ["http://127.0.0.1:8420", ["http://localhost:8420", "http://[::1]:8420"], "localhost"],
  ["https://holdfast.example.com", ["https://127.0.0.1:8420", "https://localhost:8420"], "holdfast.example.com"],
  ["http://[::1]:8420", ["http://localhost:8420"], "localhost"],
  ["https://192.0.2.7:8420", [], "192.0.2.7"],
])("binds passkeys of a panel at %s to a name", (origin, otherOrigins, name) => {
  expect(passkeyName({ origin, otherOrigins })).toBe(name)
})
