import { describe, expect, it } from "vitest"
import { catalog } from "../../src/base/error-catalog.ts"
import { citationProblems, forbiddenProblems, sectionsOf, undocumentedCodes } from "./citations.ts"
import { anchorsOf, linkProblems } from "./links.ts"
import { commandsPage, errorsPage } from "./pages.ts"

const problemsIn = (pages: Record<string, string>): string[] =>
  linkProblems(new Map(Object.entries(pages)), (path) => path === "src/main.ts").map(({ file, line, what }) => `${file}:${line} ${what}`)

describe("links of the docs", () => {
  it("finds a link to a page that is not there, with its line", () => {
    expect(problemsIn({ "docs/a.md": "# A\n\nsee [b](./b.md)\n" })).toEqual(["docs/a.md:3 link to ./b.md: there is no docs/b.md"])
  })

  it("finds an anchor that no heading of the page has", () => {
    expect(problemsIn({ "docs/a.md": "[x](b.md#gone)", "docs/b.md": "# Here\n" })).toEqual([
      "docs/a.md:1 link to b.md#gone: docs/b.md has no heading #gone",
    ])
  })

  it("accepts pages, anchors, files of the checkout and addresses, and leaves code alone", () => {
    const text = "# Two words\n[a](#two-words) [b](../src/main.ts) [c](https://example.com/x)\n```\n[d](gone.md)\n```\n`[e](gone.md)`\n"

    expect(problemsIn({ "docs/a.md": text })).toEqual([])
  })

  it("makes anchors as GitHub does", () => {
    expect([...anchorsOf("# §5 Recovery points\n## `VAULT_FULL`\n## Same\n## Same\n")]).toEqual([
      "5-recovery-points",
      "vault_full",
      "same",
      "same-1",
    ])
  })
})

describe("citations of the design", () => {
  const sections = sectionsOf(new Map([["docs/design/design.md", "## §5 Points\n### §5.1 Identity\n## §7 Restore\n1. Plan\n2. Guard\n"]]))

  it("finds a section that the design does not have", () => {
    const code = new Map([["src/a.ts", "// design §5\n// design §5.1, design §7.2\n// design §15\n"]])

    expect(citationProblems(code, sections)).toEqual([
      { file: "src/a.ts", line: 3, what: "cites design §15, which docs/design does not have" },
    ])
  })
})

describe("words that must not leave the workshop", () => {
  it.each(["/work/main/src", "https://registry.npmjs.org/zod"])("finds %s", (word) => {
    expect(forbiddenProblems(new Map([["README.md", `see ${word}`]]))).toHaveLength(1)
  })
})

describe("written pages", () => {
  it("explain every error of the catalog under its own anchor", () => {
    const page = errorsPage(Object.entries(catalog))

    expect(undocumentedCodes(Object.keys(catalog), page)).toEqual([])
    expect(anchorsOf(page).has("vault_full")).toBe(true)
    expect(undocumentedCodes(["NEW_CODE"], page)).toHaveLength(1)
  })

  it("show a command with its arguments, options and subcommands", () => {
    const page = commandsPage([
      {
        name: "points",
        summary: "list recovery points",
        settles: "tolerant",
        arguments: [{ name: "app", summary: "its name" }],
        options: [{ flags: "--vault <name>", summary: "only of this vault" }],
        subcommands: [{ name: "all", summary: "list all", settles: "never" }],
      },
    ])

    expect(page).toContain("## holdfast points\n\n`holdfast points [app] [options]`")
    expect(page).toContain("- `--vault <name>`: only of this vault")
    expect(page).toContain("### holdfast points all")
  })
})
