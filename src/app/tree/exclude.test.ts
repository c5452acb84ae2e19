import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { expect, it } from "vitest"
import { excludesOf, literally } from "./exclude.ts"

const FILES = [
  "a.txt",
  "a.tmp-1",
  "sub/b.tmp-2",
  "sub/keep",
  "cache/x",
  "deep/cache/y/z",
  "deep/er/cache.txt",
  "deep/er/a1",
  "we(ird).log",
  "x+y",
]

it("leaves out exactly what the vault's engine leaves out", () => {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-exclude-"))
  const root = join(directory, "root")
  const environment = {
    PATH: process.env["PATH"] ?? "",
    RESTIC_PASSWORD: "x",
    RESTIC_REPOSITORY: join(directory, "vault"),
    RESTIC_CACHE_DIR: join(directory, "cache"),
  }
  const restic = (...argv: string[]): string => execFileSync("restic", argv, { encoding: "utf8", env: environment, cwd: root })
  try {
    for (const file of FILES) {
      mkdirSync(dirname(join(root, file)), { recursive: true })
      writeFileSync(join(root, file), file)
    }
    restic("init", "-q")
    const cases = [
      ["*.tmp-*", "cache"],
      ["deep/**/z", "a[0-9]", "x+y"],
      ["deep/*/a?", "we(ird).log"],
      ["/cache", "sub/"],
      ["/er", "/deep/er"],
      [`/${literally("we(ird).log")}`, literally("a.tmp-1"), "x\\+y"],
      ["deep/**"],
    ]
    for (const patterns of cases) {
      const said = restic(
        "backup",
        "--dry-run",
        "-vv",
        ...patterns.map((pattern) => `--exclude=${pattern.startsWith("/") ? root : ""}${pattern}`),
        ".",
      )
      const stored = new Set(said.split("\n").flatMap((line) => /^new\s+(\/.*[^/]), saved/.exec(line)?.[1] ?? []))
      const excludes = excludesOf(patterns)
      expect(stored.size).toBeGreaterThan(0)
      expect(
        FILES.filter((file) => excludes(file)),
        JSON.stringify(patterns),
      ).toEqual(FILES.filter((file) => !stored.has(`/${file}`)))
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}, 120_000)
