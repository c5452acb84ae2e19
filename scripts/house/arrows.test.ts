import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, relative, resolve } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { z } from "zod"

const checkout = resolve(import.meta.dirname, "../..")
const reportSchema = z.object({
  summary: z.object({ violations: z.array(z.object({ from: z.string(), rule: z.object({ name: z.string() }) })) }),
})
const configurationSchema = z.object({ default: z.object({ forbidden: z.array(z.object({ name: z.string(), comment: z.string() })) }) })

/** One planted violation per rule: the rule, the file that breaks it, what that file imports. */
const planted: readonly (readonly [rule: string, from: string, imported: string])[] = [
  ["no-circles", "src/app/one.ts", "src/app/two.ts"],
  ["no-drawers", "src/app/uses-drawer.ts", "src/app/utils.ts"],
  ["no-drawer-imports", "src/app/helpers/thing.ts", "src/base/ground.ts"],
  ["room-base", "src/base/knows-app.ts", "src/app/thing.ts"],
  ["room-contract", "src/contract/knows-app.ts", "src/app/thing.ts"],
  ["room-retention", "src/retention/knows-vault.ts", "src/vault/thing.ts"],
  ["room-schedule", "src/schedule/knows-app.ts", "src/app/thing.ts"],
  ["room-release", "src/release/knows-app.ts", "src/app/thing.ts"],
  ["room-socket-proxy", "src/socket-proxy/knows-app.ts", "src/app/thing.ts"],
  ["proxy-stands-alone", "src/surface/proxy/knows-house.ts", "src/surface/house/thing.ts"],
  ["room-app", "src/app/knows-backup.ts", "src/backup/thing.ts"],
  ["room-settings", "src/settings/knows-operation.ts", "src/operation/thing.ts"],
  ["room-vault", "src/vault/knows-backup.ts", "src/backup/thing.ts"],
  ["room-recovery-point", "src/recovery-point/knows-posture.ts", "src/posture/thing.ts"],
  ["room-operation", "src/operation/knows-backup.ts", "src/backup/thing.ts"],
  ["room-posture", "src/posture/knows-drill.ts", "src/drill/thing.ts"],
  ["room-backup", "src/backup/knows-restore.ts", "src/restore/thing.ts"],
  ["room-verify", "src/verify/knows-backup.ts", "src/backup/thing.ts"],
  ["room-restore", "src/restore/knows-drill.ts", "src/drill/thing.ts"],
  ["room-drill", "src/drill/knows-backup.ts", "src/backup/thing.ts"],
  ["room-copy", "src/copy/knows-backup.ts", "src/backup/thing.ts"],
  ["room-expire", "src/expire/knows-backup.ts", "src/backup/thing.ts"],
  ["room-exchange", "src/exchange/knows-drill.ts", "src/drill/thing.ts"],
  ["room-doctor", "src/doctor/knows-backup.ts", "src/backup/thing.ts"],
  ["room-demo", "src/demo/knows-expire.ts", "src/expire/thing.ts"],
  ["room-publish", "src/publish/knows-backup.ts", "src/backup/thing.ts"],
  ["sample-app-is-an-application", "demo/knows-base.ts", "src/base/ground.ts"],
  ["nobody-imports-the-sample-app", "src/demo/knows-sample.ts", "demo/sample.ts"],
  ["room-update", "src/update/knows-adopt.ts", "src/adopt/thing.ts"],
  ["update-tree", "src/update/tree/knows-place.ts", "src/update/place/thing.ts"],
  ["update-place", "src/update/place/knows-find.ts", "src/update/find/thing.ts"],
  ["update-find", "src/update/find/knows-rehearse.ts", "src/update/rehearse/thing.ts"],
  ["update-rehearse", "src/update/rehearse/knows-plan.ts", "src/update/plan/thing.ts"],
  ["room-adopt", "src/adopt/knows-drill.ts", "src/drill/thing.ts"],
  ["room-surface", "src/surface/cli/knows-tool.ts", "src/tool/restic/thing.ts"],
  ["surfaces-stand-on-the-house", "src/surface/http/knows-cli.ts", "src/surface/cli/thing.ts"],
  ["house-knows-no-surface", "src/surface/house/knows-service.ts", "src/surface/service/thing.ts"],
  ["service-needs-no-http", "src/surface/service/knows-http.ts", "src/surface/http/thing.ts"],
  ["tools-stand-alone", "src/tool/restic/knows-docker.ts", "src/tool/docker/thing.ts"],
  ["engines-stand-alone", "src/tool/engine/sqlite/knows-postgres.ts", "src/tool/engine/postgres/thing.ts"],
  ["tools-know-ports-by-type", "src/tool/restic/knows-logic.ts", "src/vault/thing.ts"],
  ["only-main-introduces-tools", "src/backup/knows-tool.ts", "src/tool/restic/thing.ts"],
  ["nobody-imports-main", "src/surface/cli/knows-main.ts", "src/main.ts"],
  ["children-only-in-process-room", "src/tool/restic/starts-child.ts", "node:child_process"],
  ["no-tests-in-the-product", "src/backup/knows-fixture.ts", "test/fixture/thing.ts"],
  ["web-knows-contract-alone", "web/knows-app.ts", "src/app/thing.ts"],
  ["no-undeclared-packages", "src/app/knows-stray.ts", "magic-string"],
  ["no-dev-packages-in-the-product", "src/app/knows-vitest.ts", "vitest"],
  ["no-unresolvable", "src/app/knows-nothing.ts", "./nothing-here.ts"],
]

describe("arrows between rooms", () => {
  const tree = mkdtempSync(join(tmpdir(), "holdfast-arrows-"))
  let found: string[] = []

  beforeAll(() => {
    for (const file of [".dependency-cruiser.mjs", "tsconfig.json", "package.json"]) cpSync(join(checkout, file), join(tree, file))
    symlinkSync(join(checkout, "node_modules"), join(tree, "node_modules"))
    write(tree, "src/base/allowed.ts", "export const ground = 1\n")
    write(tree, "src/app/allowed.ts", 'import { ground } from "../base/allowed.ts"\nexport const app = ground\n')
    write(tree, "src/tool/restic/allowed.ts", 'import type { Port } from "../../vault/ports.ts"\nexport const tool: Port = {}\n')
    write(tree, "src/vault/ports.ts", "export interface Port { readonly name?: string }\n")
    for (const [, from, imported] of planted) plant(tree, from, imported)
    write(tree, "src/app/two.ts", 'import "./one.ts"\n')
    found = violationsIn(tree)
  }, 60_000)

  afterAll(() => rmSync(tree, { recursive: true, force: true }))

  it.each(planted)("%s refuses %s that imports %s", (rule, from) => {
    expect(found).toContain(`${rule} ${from}`)
  })

  it("leaves what the design allows alone", () => {
    expect(found.filter((violation) => violation.endsWith("allowed.ts"))).toEqual([])
  })

  it("has a planted violation and a reason for every rule", async () => {
    const rules = configurationSchema.parse(await import(join(checkout, ".dependency-cruiser.mjs"))).default.forbidden

    expect(rules.map((rule) => rule.name).toSorted()).toEqual(planted.map(([rule]) => rule).toSorted())
    expect(rules.filter((rule) => rule.comment.length < 20).map((rule) => rule.name)).toEqual([])
  })
})

function plant(tree: string, from: string, imported: string): void {
  const ours = /^(src|demo|test)\//.test(imported)
  if (ours) write(tree, imported, "export const thing = 1\n")
  const specifier = ours ? join(".", relative(dirname(from), imported)) : imported
  write(tree, from, `import "${ours && !specifier.startsWith(".") ? `./${specifier}` : specifier}"\nexport const planted = 1\n`)
}

function write(tree: string, file: string, text: string): void {
  mkdirSync(dirname(join(tree, file)), { recursive: true })
  writeFileSync(join(tree, file), text)
}

function violationsIn(tree: string): string[] {
  const child = spawnSync("depcruise", ["--config", ".dependency-cruiser.mjs", "--output-type", "json", "src", "demo", "test", "web"], {
    cwd: tree,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  })
  const report = reportSchema.parse(JSON.parse(child.stdout))
  return report.summary.violations.map(({ from, rule }) => `${rule.name} ${from}`)
}
