import { execFile } from "node:child_process"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { z } from "zod"
import { describeNeeding } from "../../test/fixture/needs.ts"
import { temporaryDirectory } from "../../test/fixture/tmp.ts"
import { parseEnvFile } from "./env-file.ts"

const run = promisify(execFile)

const CASES = `# comment
A=plain
export B=exported
C='single $A "x"'
D="double $A \\n x \\$A"
E=un$A quoted # comment
F=un#hash
G=REPLACEME
H=\${A}-\${MISSING:-def}-\${A:+set}
G=last wins
I=
J="a # b" # c
K: colon
L=  spaced  
M='multi
line'
N=p$$x
O="it's"
P='a' 
Q=x\${A:-\${B}}y
`

describe("an .env file", () => {
  it("takes the last of two assignments and tells of them", () => {
    expect(parseEnvFile("K=REPLACEME\nX=1\nK=real\n")).toEqual({
      values: new Map([
        ["K", "real"],
        ["X", "1"],
      ]),
      duplicates: ["K"],
    })
  })

  it("leaves every dollar sign as it is when nothing is to be filled in", () => {
    expect(parseEnvFile('A=a$b\nB="c${d}"\n', null).values).toEqual(
      new Map([
        ["A", "a$b"],
        ["B", "c${d}"],
      ]),
    )
  })

  it("gives back any value in single quotes, and never fails", () => {
    const free = fc.string().filter((text) => !/['\\\r]/.test(text))
    fc.assert(
      fc.property(free, (text) => {
        expect(parseEnvFile(`A='${text}'\n`).values.get("A")).toBe(text)
      }),
    )
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(parseEnvFile(text).duplicates).toBeInstanceOf(Array)
      }),
    )
  })
})

describeNeeding("docker")("an .env file, held against compose itself", () => {
  it("has the values that compose gives to a service", async () => {
    const directory = await temporaryDirectory()
    const { values } = parseEnvFile(CASES)
    await writeFile(join(directory, ".env"), CASES)
    const environment = Object.fromEntries([...values.keys()].map((key) => [key, `\${${key}}`]))
    await writeFile(join(directory, "compose.yaml"), JSON.stringify({ services: { s: { image: "x", environment } } }))
    const { stdout } = await run("docker-compose", ["config", "--format", "json"], {
      cwd: directory,
      env: { PATH: process.env["PATH"] ?? "" },
    })
    const resolved = z
      .object({ services: z.object({ s: z.object({ environment: z.record(z.string(), z.string()) }) }) })
      .parse(JSON.parse(stdout))
    const theirs = Object.fromEntries(
      Object.entries(resolved.services.s.environment).map(([key, value]) => [key, value.replaceAll("$$", "$")]),
    )
    expect(Object.fromEntries(values)).toEqual(theirs)
  })
})
