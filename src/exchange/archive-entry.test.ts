import { describe, expect, it } from "vitest"
import { HoldfastError } from "../base/errors.ts"
import { parseEntry, refuseUnsafe } from "./archive-entry.ts"

const FILE = "-rw-r--r-- 0/0               2 2026-11-21 06:00:00"

function why(...lines: string[]): string | undefined {
  try {
    refuseUnsafe(
      "a.tar",
      lines.map((line) => parseEntry("a.tar", line)),
    )
    return undefined
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError)) throw thrown
    expect(thrown.code).toBe("DUMP_DAMAGED")
    return thrown.why
  }
}

describe("the entries of an archive", () => {
  it("are taken when they stay inside", () => {
    const link = "lrwxrwxrwx 1000/1000          0 2026-11-21 06:00:00 ./l -> /etc/passwd"
    expect(why("drwxr-xr-x 0/0               0 2026-11-21 06:00:00 ./", `${FILE} ./a..b/c`, link)).toBeUndefined()
    expect(why(`${FILE} ./a`, "hrw-r--r-- 0/0               0 2026-11-21 06:00:00 ./b link to ./a")).toBeUndefined()
  })

  it.each([
    ["its name is absolute", [`${FILE} /etc/passwd`]],
    ["its name leads out of the archive", [`${FILE} a/../../b`]],
    ["it is a device or of an unknown kind", ["crw-r--r-- 0/0             1,3 2026-11-21 06:00:00 null"]],
    ["it lies behind a symbolic link", ["lrwxrwxrwx 0/0               0 2026-11-21 06:00:00 ./l -> /tmp", `${FILE} l/x`]],
    ["it stands in place of a symbolic link", ["lrwxrwxrwx 0/0               0 2026-11-21 06:00:00 ./l -> /tmp", `${FILE} l`]],
    [
      "it is a hard link to a symbolic link",
      ["lrwxrwxrwx 0/0               0 2026-11-21 06:00:00 l -> /tmp", "hrw-r--r-- 0/0               0 2026-11-21 06:00:00 h link to l"],
    ],
    ["its name leads out of the archive", ["hrw-r--r-- 0/0               0 2026-11-21 06:00:00 h link to ../../etc/shadow"]],
    ["its name is absolute", ["hrw-r--r-- 0/0               0 2026-11-21 06:00:00 h link to /etc/shadow"]],
  ] as const)("are refused: %s", (reason, lines) => {
    expect(why(...lines)).toBe(reason)
  })

  it("are refused when a line cannot be understood", () => {
    expect(() => parseEntry("a.tar", "what is this")).toThrow("a.tar has an entry that cannot be understood")
  })
})
