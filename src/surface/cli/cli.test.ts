import type { CliHouse, CliSurroundings } from "./cli-house.ts"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { systemClock } from "../../base/clock.ts"
import { HoldfastError } from "../../base/errors.ts"
import { errorOutput, operationsOutput } from "../../contract/output.ts"
import type { HostIdentity } from "../../operation/operation.ts"
import { openSqliteStore } from "../../tool/store/store.ts"
import { describeCommand } from "./build-house.ts"
import { runCli } from "./cli.ts"
import { confirm } from "./confirm.ts"
import type { HouseTools } from "../house/house.ts"
import { describe as describeAmount } from "./progress.ts"
import { exitCodeOf, renderError } from "./render/error.ts"
import { renderTable, visible } from "./render/table.ts"
import type { Terminal } from "./terminal.ts"

const host: HostIdentity = {
  self: (command) => ({ host: "vm", bootId: "b", processId: 1, processStart: "1", command }),
  isAlive: () => true,
}

let directory = ""
let printed = ""
let said = ""

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "holdfast-cli-"))
  printed = ""
  said = ""
})

afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

const terminal = (answer: string | null = null): Terminal => ({
  print: async (text) => {
    printed += text
  },
  say: (text) => {
    said += text
  },
  redraws: false,
  asks: answer !== null,
  columns: 80,
  ask: async (question) => {
    said += question
    return answer ?? ""
  },
})

async function unused(): Promise<never> {
  throw new Error("this tool is not part of the test")
}

function toolsIn(stateDirectory: string): HouseTools {
  const store = openSqliteStore(join(stateDirectory, "store.sqlite"), { host, clock: systemClock })
  return {
    host: async () => host,
    store: async () => await store,
    commands: unused,
    prober: unused,
    backend: unused,
    databases: unused,
    containers: unused,
    salvager: unused,
    notifier: unused,
    releases: unused,
    registry: unused,
    sources: unused,
    scratchDirectory: unused,
    close: async () => await (await store).close(),
  }
}

const surroundings = (): CliSurroundings => ({
  version: "1.2.3",
  environment: {},
  cwd: directory,
  hostName: "vm",
  isRoot: false,
  sqliteVersion: "3",
  nodeBinary: process.execPath,
  programDirectory: directory,
  clock: systemClock,
  terminal: terminal(),
  signal: new AbortController().signal,
  tools: toolsIn,
})

const run = async (...words: string[]): Promise<number> => await runCli(["--state-dir", directory, ...words], surroundings())

describe("the command line", () => {
  it("tells a wrong call apart from everything else by exit code 2", async () => {
    expect(await run("nonsense")).toBe(2)
    expect(said).toBe(
      "error: unknown command `nonsense`\n  do: Run `holdfast --help` to see how it is called.\n  code: USAGE (docs/manual/errors.md#usage)\n",
    )
    expect(await run("operations", "--limit", "many")).toBe(2)
    expect(said).toContain('error: --limit takes a whole number, not "many"\n')
  })

  it("prints one JSON document that fits its schema, and an error as one too", async () => {
    expect(await run("operations", "--json")).toBe(0)
    expect(operationsOutput.parse(JSON.parse(printed))).toEqual({ format: "holdfast.operations", version: 1, operations: [] })
    printed = ""

    expect(await run("operations", "show", "op-9", "--json")).toBe(114)
    expect(errorOutput.parse(JSON.parse(printed)).error).toEqual({
      code: "OPERATION_UNKNOWN",
      what: "there is no operation op-9",
      why: null,
      hint: "Run `holdfast operations` to see what there is.",
      exitCode: 114,
      retryable: false,
    })
    expect(said).toBe("")
  })

  it("says where it looked for settings", async () => {
    expect(await run("points")).toBe(10)
    expect(said).toMatch(
      /^error: there is no settings file\n {2}why: neither .*holdfast\.yaml nor \/etc\/holdfast\/holdfast\.yaml exists\n {2}do: /,
    )
  })

  it("asks a running operation to stop, and does not wait when told so", async () => {
    const store = await openSqliteStore(join(directory, "store.sqlite"), { host, clock: systemClock })
    await store.createOperation({ id: "op-1", kind: "backup", app: "chat", holder: host.self("x"), plan: null, startedAt: new Date() })

    expect(await run("cancel", "op-1", "--no-wait")).toBe(0)

    expect(printed).toBe("op-1 was asked to stop\n")
    expect((await store.operation("op-1"))?.cancelRequested).toBe(true)
    await store.close()
  })

  it("prints its version and help without opening anything", async () => {
    const closed = { ...surroundings(), tools: () => expect.unreachable() }
    expect(await runCli(["--version"], closed)).toBe(0)
    expect(await runCli(["points", "--help"], closed)).toBe(0)
    expect(printed).toMatch(/^1\.2\.3\nUsage: holdfast points /)
  })
})

describe("an error", () => {
  it("shows what, why, what to do and its code; further lines of a tool stand under the first", () => {
    const error = new HoldfastError("VAULT_WRONG_KEY", { what: "the key does not open vault local", why: "Fatal:\nwrong password" })

    expect(renderError(error)).toEqual([
      "error: the key does not open vault local",
      "  why: Fatal:",
      "       wrong password",
      "  do: Use the key from the recovery kit of this vault.",
      "  code: VAULT_WRONG_KEY (docs/manual/errors.md#vault_wrong_key)",
    ])
    expect(renderError(error).join()).not.toContain("cli.test.ts")
  })

  it("shows its stack only when it is a bug", () => {
    const lines = renderError(new TypeError("oops")).join("\n")

    expect(lines).toMatch(/^error: this is a bug in Holdfast\n {2}why: TypeError: oops\n.*cli\.test\.ts/s)
    expect(exitCodeOf(new TypeError("oops"), false)).toBe(1)
  })

  it("ends with 130 when it was interrupted here, with its own code when it was cancelled from elsewhere", () => {
    const cancelled = new HoldfastError("OPERATION_CANCELLED", { what: "stopped" })

    expect([exitCodeOf(cancelled, true), exitCodeOf(cancelled, false)]).toEqual([130, 115])
  })
})

describe("a confirmation", () => {
  const ask = async (answer: string | null, change: object): Promise<unknown> => {
    const house: Pick<CliHouse, "terminal" | "options" | "signal"> = {
      terminal: terminal(answer),
      options: { config: null, stateDirectory: null, json: false, quiet: false, color: false },
      signal: new AbortController().signal,
    }
    return await confirm(house, { plan: ["removes p1"], question: "Remove it?", given: false, ...change }).then(
      () => "confirmed",
      (thrown: unknown) => (thrown instanceof HoldfastError ? thrown.code : thrown),
    )
  }

  it("is needed where nobody can be asked, after the plan was shown", async () => {
    expect(await ask(null, {})).toBe("CONFIRMATION_NEEDED")
    expect(said).toBe("removes p1\n")
    expect(await ask(null, { given: true })).toBe("confirmed")
  })

  it("takes yes for yes and everything else for no", async () => {
    expect(await ask("y", {})).toBe("confirmed")
    expect(await ask("", {})).toBe("CONFIRMATION_REFUSED")
  })

  it("of what is dangerous takes the app's name alone, not --yes", async () => {
    expect(await ask(null, { word: "chat", given: true })).toBe("CONFIRMATION_NEEDED")
    expect(await ask("y", { word: "chat", given: true })).toBe("CONFIRMATION_REFUSED")
    expect(await ask("chat", { word: "chat" })).toBe("confirmed")
    expect(await ask(null, { word: "chat", givenWord: "chat" })).toBe("confirmed")
  })
})

describe("text for people", () => {
  it("aligns columns by what is seen and never lets a name move the cursor", () => {
    expect(
      renderTable(
        [{ title: "NAME" }, { title: "SIZE", right: true }],
        [
          ["é\u001b[2J", "5"],
          ["b", "1000"],
        ],
      ),
    ).toEqual(["NAME        SIZE", "é\\u{1b}[2J     5", "b           1000"])
    expect(visible("a\u202eb\nc")).toBe("a\\u{202e}b\\u{a}c")
  })

  it("leaves out of an amount what is not known", () => {
    expect(describeAmount({ bytesDone: 1024 }, 500)).toBe("1.0 KiB")
    expect(describeAmount({ bytesDone: 1024, bytesTotal: 4096, filesDone: 1 }, 2000)).toBe(
      "1.0 KiB of 4.0 KiB, 1 file, 512 B/s, 6.0 s left",
    )
  })

  it("shows a command without the password of an address", () => {
    expect(describeCommand(["restore", "--into", "postgres://me:hunter2@db/x"])).toBe("holdfast restore --into postgres://me:…@db/x")
    expect(describeCommand(["restore", "--into", "postgres://me:hun/t@r#2@db/x"])).not.toMatch(/hun|t@r|#2/)
    expect(describeCommand(["restore", "--into", "postgres://db/x?user=me&password=hunter2"])).not.toContain("hunter2")
  })
})
