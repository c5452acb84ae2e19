import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { Secret } from "../base/secret.ts"
import { resticCommands } from "./kit-commands.ts"
import { renderKitHtml } from "./kit-html.ts"
import { decryptKit, encryptKit, parseKit, type Kit } from "./kit.ts"

const kit: Kit = {
  format: "holdfast.recovery-kit",
  version: 1,
  createdAt: "2026-04-19T12:00:00.000Z",
  host: "<b>host</b>",
  holdfastVersion: "0.1.0",
  apps: ["chat"],
  vaults: [
    {
      name: "offsite",
      url: "s3:https://s3.example.com/it's",
      vaultId: "a".repeat(64),
      key: "canary-key-1",
      options: ["sftp.args=-p 22"],
      appendOnly: true,
      environment: { AWS_SECRET_ACCESS_KEY: "canary $(touch x) '\"" },
    },
  ],
  files: [{ path: "/etc/x", content: "</pre><script>alert(1)</script>" }],
  settings: "apps: {}\n",
}

describe("the recovery kit", () => {
  it("comes back from its encrypted form with the passphrase and with no other", async () => {
    const sealed = await encryptKit(kit, new Secret("correct horse"))

    expect(sealed).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----/)
    expect(sealed).not.toContain("canary")
    expect(await decryptKit(sealed, new Secret("correct horse"))).toEqual(kit)
    const refused = { code: "KIT_INVALID", message: "the recovery kit cannot be opened" }
    await expect(decryptKit(sealed, new Secret("wrong"))).rejects.toMatchObject(refused)
    await expect(decryptKit(sealed.slice(0, 300), new Secret("correct horse"))).rejects.toMatchObject(refused)
  })

  it("is refused when it says more or less than it should, without showing what it holds", () => {
    expect(() => parseKit(JSON.stringify({ ...kit, more: 1 }))).toThrow("this is not a recovery kit")
    expect(() => parseKit(JSON.stringify({ ...kit, vaults: [] }))).toThrow("this is not a recovery kit")
    expect(() => parseKit("canary")).toThrow("this is not a recovery kit")
  })

  it("prints as a page in which every value is text", () => {
    const page = renderKitHtml(kit)

    expect(page).not.toMatch(/<script|<b>/)
    expect(page).toContain("&lt;/pre&gt;&lt;script&gt;")
    expect(page).toContain(
      "holdfast rebuild --vault &#39;s3:https://s3.example.com/it&#39;\\&#39;&#39;s&#39; --key ./offsite.key --app chat",
    )
    expect(page).not.toMatch(/(src|href)=/)
  })

  it("gives commands that a shell reads as they are meant", () => {
    const [vault] = kit.vaults
    if (vault === undefined) throw new Error("no vault")
    const directory = mkdtempSync(join(tmpdir(), "holdfast-kit-"))
    try {
      const lines = resticCommands(kit, vault).filter((line) => !line.startsWith("restic"))
      const script = `${lines.join("\n")}\nprintf '%s|%s|' "$AWS_SECRET_ACCESS_KEY" "$RESTIC_REPOSITORY"; cat "$RESTIC_PASSWORD_FILE"; ls`
      const output = execFileSync("sh", ["-ec", script], { cwd: directory, encoding: "utf8" })

      expect(output).toBe("canary $(touch x) '\"|s3:https://s3.example.com/it's|canary-key-1\noffsite.key\n")
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})
