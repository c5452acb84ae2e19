import * as fc from "fast-check"
import { expect, it } from "vitest"
import { isHoldfastError } from "../../base/errors.ts"
import { parseEnvFile } from "../env-file.ts"
import { imagesOf, isPinned } from "./pinned.ts"
import { readComposeText } from "./image-source.ts"
import type { WantedImage } from "./image-text.ts"
import { planPins } from "./pin-images.ts"

const FILE = "/srv/app/compose.yml"
const ENV = "/srv/app/.env"
const project = { files: [FILE], projectDirectory: "/srv/app" }
const NEW_TAG = "2.0.0"

/** How an image can be written; each with the one place that must change. */
type Way = "text" | "default" | "whole" | "tag" | "alias" | "merge" | "flow"

interface Service {
  readonly way: Way
  readonly quote: "" | "'" | '"'
  readonly comment: string
  readonly moves: boolean
  readonly digest: string
}

interface Stack {
  readonly services: readonly Service[]
  readonly newline: string
  readonly mark: string
  readonly ending: string
  readonly noise: string
}

const comment = fc.constantFrom("", " # one: two", "   # 'quoted' \"twice\" # again", " # ${VERSION} $V0 image: web:1")
const service: fc.Arbitrary<Service> = fc.record({
  way: fc.constantFrom<Way>("text", "default", "whole", "tag", "alias", "merge", "flow"),
  quote: fc.constantFrom("" as const, "'" as const, '"' as const),
  comment,
  moves: fc.boolean(),
  digest: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => `sha256:${Buffer.from(bytes).toString("hex")}`),
})
const stack: fc.Arbitrary<Stack> = fc.record({
  services: fc.array(service, { minLength: 1, maxLength: 5 }),
  newline: fc.constantFrom("\n", "\r\n"),
  mark: fc.constantFrom("", "\uFEFF"),
  ending: fc.constantFrom("", "x"),
  noise: fc.constantFrom("mode: 0644", 'env: { A: "image: web:1", B: 1e3 }', "when: 2026-01-01", "command: ['sh', \"-c\", 'echo $$V0']"),
})

/** Services that share the variable of the tag move together or not at all. */
function withTagTogether(given: Stack): Stack {
  const moves = given.services.find(({ way }) => way === "tag")?.moves ?? false
  return { ...given, services: given.services.map((one) => (one.way === "tag" ? { ...one, moves } : one)) }
}

interface Texts {
  readonly compose: string
  readonly env: string
}

/** The stack as files: with its old images, or with what the pinned ones must read like. */
function rendered({ services, newline, mark, ending, noise }: Stack, pinned: boolean): Texts {
  const image = (index: number): string => {
    const one = services[index]
    return pinned && one?.moves === true ? `r.example/web${index}:${NEW_TAG}@${one.digest}` : `r.example/web${index}:1.0`
  }
  const anchors = services.flatMap(({ way }, index) => {
    if (way === "alias") return [`x-image-${index}: &image${index} ${image(index)}`]
    return way === "merge" ? [`x-base-${index}: &base${index} { image: "${image(index)}", tty: true }`] : []
  })
  const entries = services.flatMap(({ way, quote, comment: note, moves }, index) => {
    const text = {
      text: image(index),
      flow: image(index),
      default: pinned && moves ? image(index) : `\${W${index}:-r.example/web${index}:1.0}`,
      whole: `\${V${index}}`,
      tag: `r.example/web${index}:\${VERSION}`,
      alias: "",
      merge: "",
    }[way]
    if (way === "merge") return [`  web${index}:${note}`, `    <<: *base${index}${note}`]
    if (way === "alias") return [`  web${index}:`, `    image: *image${index}${note}`]
    // In a flow mapping a plain text must not hold braces; ours does not.
    if (way === "flow") return [`  web${index}: { image: ${quote}${text}${quote}, ports: ["1:1"] }${note}`]
    return [`  web${index}: # ${index}`, `    ${noise}`, `    image:  ${quote}${text}${quote}${note}`]
  })
  const tagMoves = services.some(({ way, moves }) => way === "tag" && moves)
  const variables = services.flatMap(({ way, quote, comment: note }, index) =>
    way === "whole" ? [`V${index}=old`, `export V${index}=${quote}${image(index)}${quote}${note}`] : [],
  )
  const env = ["# of ours", "PASSWORD='a # b'", ...variables, "VERSION=0", `VERSION=${pinned && tagMoves ? NEW_TAG : "1.0"}`, "LAST=1"]
  const end = ending === "" ? "" : newline
  return {
    compose: mark + [...anchors, "services:", ...entries, "x-last: end"].join(newline) + end,
    env: mark + env.join(newline) + end,
  }
}

function wantedOf({ services }: Stack): Readonly<Record<string, WantedImage>> {
  return Object.fromEntries(
    services.flatMap(({ moves, digest }, index) =>
      moves ? [[`web${index}`, { repository: `r.example/web${index}`, tag: NEW_TAG, digest }]] : [],
    ),
  )
}

function applied(texts: Texts, wanted: Readonly<Record<string, WantedImage>>): { texts: Texts; plan: ReturnType<typeof planPins> } {
  const plan = planPins(
    project,
    new Map([
      [FILE, texts.compose],
      [ENV, texts.env],
    ]),
    wanted,
  )
  const found = (path: string): string | undefined => plan.edits.find((edit) => edit.path === path)?.after
  return { plan, texts: { compose: found(FILE) ?? texts.compose, env: found(ENV) ?? texts.env } }
}

it("changes the pinned values and not one other byte, however the files are written", () => {
  fc.assert(
    fc.property(stack.map(withTagTogether), (given) => {
      const before = rendered(given, false)
      const { texts } = applied(before, wantedOf(given))
      expect(texts).toEqual(rendered(given, true))
    }),
    { numRuns: 120 },
  )
})

it("pins twice as once, and gives back every byte when what was before is put back", () => {
  fc.assert(
    fc.property(stack.map(withTagTogether), (given) => {
      const before = rendered(given, false)
      const once = applied(before, wantedOf(given))
      const twice = applied(once.texts, wantedOf(given))
      expect(twice.plan.edits).toEqual([])
      expect(twice.plan.tags).toEqual(once.plan.tags)
      for (const edit of once.plan.edits) expect(edit.before).toBe(edit.path === ENV ? before.env : before.compose)
    }),
    { numRuns: 60 },
  )
})

it("refuses, or has compose run the wanted images and all others as before, whatever is in the files", () => {
  const piece = fc.constantFrom(
    ..."services:|\n|  web:|  db:|    image: |web:1|web|${V}|$V|:${V:-1}|@${D}|@sha256:|*a|&a |'|\"|{|}|, |<<: *a|    build: .|    extends: web|    extends: { service: db }|!reset |!override |include: [a]|\r\n|#|x-a: &a |    env_file: .env|    labels: [$V]|null".split(
      "|",
    ),
  )
  const text = fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join(""))
  const image = fc.constantFrom(
    "web:1",
    "'web'",
    "${V}",
    "web:$V",
    "w/x:${V:-1}",
    "web@${D}",
    "&a web:1",
    "*a",
    "|",
    "web:${V}@${D}",
    "!reset null",
    "$V$D",
  )
  const more = fc.constantFrom(
    "    env_file: .env",
    "    labels: [$V]",
    "    labels: [*a]",
    "    extends: web",
    "    build: .",
    "    <<: *b",
    "    tty: true",
  )
  const structured = fc
    .record({
      web: image,
      db: image,
      ofWeb: fc.array(more, { maxLength: 2 }),
      ofDb: fc.array(more, { maxLength: 2 }),
      top: fc.option(image),
    })
    .map(({ web, db, ofWeb, ofDb, top }) =>
      [
        ...(top === null ? [] : [`x-a: &a ${top}`]),
        "x-b: &b { image: web:0 }",
        "services:",
        "  web:",
        `    image: ${web}`,
        ...ofWeb,
        "  db:",
        `    image: ${db}`,
        ...ofDb,
      ].join("\n"),
    )
  const envText = fc
    .array(fc.constantFrom("V=1", "V='2'", 'V="3" # x', "V=", "V", "export V = 4", "D=5", "V=${D}", "#V=6", "V: 7", "W=$V", "\r", "'"), {
      maxLength: 6,
    })
    .map((lines) => lines.join("\n"))
  const wanted = { web: { repository: "web", tag: NEW_TAG, digest: `sha256:${"ab".repeat(32)}` } }
  let pinned = 0
  fc.assert(
    fc.property(fc.oneof(text, structured), envText, (compose, env) => {
      try {
        const { plan, texts } = applied({ compose, env }, wanted)
        const run = (given: Texts): ReadonlyMap<string, string | null> => {
          const { values } = parseEnvFile(given.env)
          return imagesOf({ files: [readComposeText(FILE, given.compose)], others: new Map() }, (name) => values.get(name))
        }
        const [was, is] = [run({ compose, env }), run(texts)]
        expect(isPinned(is.get("web") ?? "", wanted.web, plan.tags)).toBe(true)
        expect(is.get("db")).toBe(was.get("db"))
        pinned += 1
      } catch (thrown) {
        if (!isHoldfastError(thrown)) throw thrown
      }
    }),
    { numRuns: 1200 },
  )
  expect(pinned).toBeGreaterThan(50)
})
