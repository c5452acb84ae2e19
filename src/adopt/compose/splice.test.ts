import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { withMember } from "../../settings/member-value.ts"
import { indentStep, insertItem, insertMember, removeMember, replaceMember, replaceValue } from "./splice.ts"

const FILE = `# ours
services:
  chat:
    build: . # from source
    environment:
      A: "1" # one
    secrets: [one]
    networks:
      - inner
      # - outer
    # end of chat

  db: { image: postgres }
  # off:
  #   image: x

# what is kept
volumes:
networks: { inner: { internal: true } }
`

describe("a splice into a compose file", () => {
  it("puts a service behind the last one and the comments that belong to it", () => {
    const edited = insertMember(FILE, ["services"], "updater", { image: "u", tmpfs: ["/tmp"], depends_on: { db: { condition: "x" } } })
    expect(edited).toBe(
      FILE.replace(
        "  #   image: x\n",
        `  #   image: x\n\n  updater:\n    image: u\n    tmpfs: ["/tmp"]\n    depends_on:\n      db: { condition: x }\n`,
      ),
    )
  })

  it("puts what comes behind a bare key on the next line", () => {
    expect(insertMember(FILE, ["volumes"], "data", {})).toBe(FILE.replace("volumes:\n", "volumes:\n  data: {}\n"))
  })

  it("goes into a mapping on one line", () => {
    expect(insertMember(FILE, ["networks"], "u", { internal: true })).toContain(
      "networks: { inner: { internal: true }, u: { internal: true } }\n",
    )
  })

  it("makes a section that is missing, at the end", () => {
    expect(insertMember(FILE, ["secrets"], "token", { file: "./t" })).toBe(`${FILE}secrets:\n  token: { file: "./t" }\n`)
    expect(insertMember(FILE.trimEnd(), ["secrets"], "token", { file: "./t" })).toBe(
      `${FILE.trimEnd()}\nsecrets:\n  token: { file: "./t" }`,
    )
  })

  it("adds to a list on one line and to one of several", () => {
    expect(insertItem(FILE, ["services", "chat", "secrets"], "two")).toContain("secrets: [one, two]\n")
    expect(insertItem(FILE, ["services", "chat", "networks"], "front")).toContain("      # - outer\n      - front\n    # end of chat\n")
  })

  it("writes an image where a build stood", () => {
    const edited = replaceMember(FILE, ["services", "chat", "build"], "image", "registry.example/chat@sha256:ab")
    expect(edited).toBe(FILE.replace("build: . # from source", `image: "registry.example/chat@sha256:ab"`))
  })

  it("takes a member out with its lines", () => {
    expect(removeMember(FILE, ["services", "chat", "environment"])).toBe(FILE.replace(`    environment:\n      A: "1" # one\n`, ""))
  })

  it("changes one value and keeps the comment behind it", () => {
    expect(replaceValue(FILE, ["services", "chat", "environment", "A"], "2")).toContain(`      A: "2" # one\n`)
  })

  it("keeps Windows line ends", () => {
    const windows = FILE.replaceAll("\n", "\r\n")
    const edited = insertMember(windows, ["services", "chat", "environment"], "B", "x")
    expect(edited).toBe(FILE.replace(`"1" # one\n`, `"1" # one\n      B: x\n`).replaceAll("\n", "\r\n"))
  })

  it("takes over how far the file indents", () => {
    expect(indentStep("services:\n    a:\n        image: x\n")).toBe("    ")
    expect(
      insertMember("services:\n    a:\n        image: x\n", ["services"], "b", { image: "y", build: { context: ".", args: {} } }),
    ).toBe(
      `services:\n    a:\n        image: x\n    b:\n        image: "y"\n        build:\n            context: "."\n            args: {}\n`,
    )
  })

  it("refuses what others share by an anchor or an alias", () => {
    const shared = "x-env: &env { A: 1 }\nservices:\n  chat: { environment: *env }\n  other: { environment: *env }\n"
    expect(() => insertMember(shared, ["services", "chat", "environment"], "B", "x")).toThrow(
      "cannot change services.chat.environment of the compose file in place",
    )
    expect(() => insertMember(shared, ["x-env"], "B", "x")).toThrow("cannot change x-env.B of the compose file in place")
  })

  it("refuses to make a comment vanish that it does not replace", () => {
    expect(() => replaceMember(FILE, ["services", "chat", "nothing"], "image", "x")).toThrow("cannot change services.chat.nothing")
  })
})

const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,6}$/)
const scalar = fc.oneof(word, fc.integer().map(String), fc.constantFrom("a: b", "# no", "${X:-y}", "", "yes", "0755", "'", '"'))
const value = fc.oneof(
  scalar,
  fc.array(scalar, { minLength: 1, maxLength: 3 }),
  fc.dictionary(word, scalar, { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
)

/** A compose file as somebody may have written it: other indents, blank lines, comments, flow and block. */
const written = fc
  .record({
    step: fc.constantFrom(2, 3, 4),
    eol: fc.constantFrom("\n", "\r\n"),
    blank: fc.boolean(),
    comments: fc.boolean(),
    flow: fc.boolean(),
    end: fc.boolean(),
    services: fc.uniqueArray(word, { minLength: 1, maxLength: 3 }),
    section: fc.constantFrom("", "volumes:", "volumes: {}", "volumes: { one: {} }", "volumes:  # none\n", "volumes:\n  one:\n"),
  })
  .map(({ step, eol, blank, comments, flow, end, services, section }) => {
    const pad = (depth: number): string => " ".repeat(step * depth)
    const body = services.flatMap((name, index) => [
      ...(blank && index > 0 ? [""] : []),
      ...(comments ? [`${pad(1)}# about ${name}`] : []),
      ...(flow
        ? [`${pad(1)}${name}: { image: "x", command: [a, b] }`]
        : [`${pad(1)}${name}:`, `${pad(2)}image: x${comments ? "  # why" : ""}`, `${pad(2)}command:`, `${pad(2)}- a`, `${pad(2)}- b`]),
      ...(comments ? [`${pad(2)}# end of ${name}`] : []),
    ])
    const text = [
      ...(comments ? ["# top"] : []),
      "services:",
      ...body,
      ...(section === "" ? [] : section.split("\n").filter((line) => line !== "")),
    ].join(eol)
    return { text: end ? text + eol : text, services }
  })

describe("whatever a compose file looks like", () => {
  it("a new member is the only thing that changes, and no line is lost", () => {
    fc.assert(
      fc.property(
        written,
        word,
        value,
        fc.constantFrom("services", "volumes", "secrets", "inside"),
        ({ text, services }, key, put, where) => {
          const place = where === "inside" ? ["services", services[0] ?? ""] : [where]
          fc.pre(
            !(where === "services" && services.includes(key)) &&
              !(where === "inside" && ["image", "command"].includes(key)) &&
              key !== "one",
          )
          const edited = insertMember(text, place, key, put)
          expect(parse(edited)).toEqual(withMember(parse(text), [...place, key], put))
          if (!text.includes("volumes: {") && !text.includes("{ image"))
            expect(edited.split(/\r?\n/)).toEqual(expect.arrayContaining(text.trimEnd().split(/\r?\n/)))
        },
      ),
      { numRuns: 400 },
    )
  })

  it("a new item is the only thing that changes", () => {
    fc.assert(
      fc.property(written, scalar, ({ text, services }, put) => {
        const place = ["services", services[0] ?? "", "command"]
        const edited = insertItem(text, place, put)
        expect(parse(edited)).toEqual(withMember(parse(text), place, ["a", "b", put]))
      }),
      { numRuns: 200 },
    )
  })
})
