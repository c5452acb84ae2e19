import { describe, expect, it } from "vitest"
import { notifyBodyOf, notifyDraftOf } from "./notify-draft.ts"

const file = { path: "/etc/holdfast.yaml", digest: "sha256:0", writable: true, why: null }

describe("who is told", () => {
  it("comes out as it went in", () => {
    const always = {
      emails: ["a@example.com", "b@example.com"],
      webhooks: ["https://w.example.com"],
      ntfy: [],
      ping: "https://p.example.com",
      onSuccess: true,
    }

    expect(notifyBodyOf(notifyDraftOf({ file, email: null, always }))).toEqual({
      email: null,
      always: { ...always, emails: "a@example.com\nb@example.com" },
    })
  })

  it("is nobody when nothing is filled in", () => {
    expect(notifyBodyOf(notifyDraftOf({ file, email: null, always: null }))).toEqual({ email: null, always: null })
  })
})
