/** Follows a plain dump line by line, as far as it takes to tell data and text from what would be executed. */

/** What one line of a script is. */
export type ScriptLine =
  | { readonly kind: "sql" }
  | { readonly kind: "data" }
  /** `\restrict` and `\unrestrict` of newer pg_dump: a lock for psql, no part of the dump. */
  | { readonly kind: "lock" }
  | { readonly kind: "refused"; readonly why: string }

export interface ScriptReader {
  read(line: string): ScriptLine
  /** Whether the script may end here: no string, comment, statement or block of data is open. */
  atRest(): boolean
}

type Open =
  | { readonly kind: "string" | "escaped" | "name" }
  | { readonly kind: "dollar"; readonly tag: string }
  | { readonly kind: "comment"; depth: number }

/** Comments, strings, quoted names, dollar quotes, words, and everything else one character at a time. */
const TOKEN = /--.*$|\/\*|[eE]'|[A-Za-z_\x80-\xff][\w$\x80-\xff]*|\$(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$|\s+|[^]/y
const LOCK = /^\\(?:un)?restrict [0-9A-Za-z]+\s*$/
/** Longer statements are long for their data, not for what they do. */
const STATEMENT_LIMIT = 4096
const FROM_STDIN = /^copy .* from stdin\b/s

/**
 * Reads lines whose characters stand for bytes (latin1), so that any encoding passes. What is refused: commands of psql, and COPY to or
 * from files and programs of the server; pg_dump writes neither (F54).
 */
export function createScriptReader(): ScriptReader {
  let open: Open | null = null
  let inData = false
  let dataFollows = false
  let statement = ""

  const readSql = (line: string): ScriptLine => {
    let at = 0
    while (at < line.length) {
      if (open !== null) {
        const end: number = closing(open, line, at)
        if (end === -1) return { kind: "sql" }
        at = end
        if (open.kind !== "comment" || open.depth === 0) open = null
        continue
      }
      TOKEN.lastIndex = at
      const token = TOKEN.exec(line)?.[0] ?? line.slice(at)
      at += token.length
      if (token === "\\") return { kind: "refused", why: `a command of psql: ${line.slice(at - 1, at + 20)}` }
      if (token === ";") {
        const why = judge(statement)
        if (why !== null) return { kind: "refused", why }
        dataFollows = FROM_STDIN.test(statement)
        statement = ""
        if (dataFollows && line.slice(at).trim() !== "") return { kind: "refused", why: "something follows COPY … FROM stdin on its line" }
        continue
      }
      open = opening(token)
      if (statement.length < STATEMENT_LIMIT) statement = grown(statement, open === null ? token : " ")
    }
    if (statement !== "") statement = grown(statement, " ")
    return { kind: "sql" }
  }

  return {
    read: (line) => {
      if (inData) {
        inData = line.replace(/\r$/, "") !== "\\."
        return { kind: "data" }
      }
      if (open === null && statement === "" && LOCK.test(line)) return { kind: "lock" }
      const result = readSql(line)
      inData = dataFollows
      dataFollows = false
      return result
    },
    atRest: () => open === null && !inData && statement === "",
  }
}

/** Lower case, single spaces, no leading space. */
function grown(statement: string, token: string): string {
  if (token.startsWith("--")) return statement
  const blank = token.trim() === ""
  if (blank) return statement === "" || statement.endsWith(" ") ? statement : `${statement} `
  return statement + token.toLowerCase()
}

function judge(statement: string): string | null {
  if (/^copy\b/.test(statement) && !FROM_STDIN.test(statement)) return "COPY with a file or a program of the server"
  // With it off, a backslash in a string means something else than is read here.
  if (/\bstandard_conforming_strings\b/.test(statement) && !/= ?on ?$/.test(statement)) return "standard_conforming_strings is switched off"
  return null
}

function opening(token: string): Open | null {
  if (token === "'") return { kind: "string" }
  if (token === "e'" || token === "E'") return { kind: "escaped" }
  if (token === '"') return { kind: "name" }
  if (token === "/*") return { kind: "comment", depth: 1 }
  return token.length > 1 && token.startsWith("$") && token.endsWith("$") ? { kind: "dollar", tag: token } : null
}

/** Where the text goes on after what is open has ended (or, in a comment, another level has); -1 when this line does not end it. */
function closing(open: Open, line: string, from: number): number {
  if (open.kind === "string") return after(line.indexOf("'", from), 1)
  if (open.kind === "name") return after(line.indexOf('"', from), 1)
  if (open.kind === "dollar") return after(line.indexOf(open.tag, from), open.tag.length)
  const pattern = open.kind === "escaped" ? /\\[^]|'/g : /\/\*|\*\//g
  pattern.lastIndex = from
  for (let found = pattern.exec(line); found !== null; found = pattern.exec(line)) {
    if (found[0] === "'") return pattern.lastIndex
    if (open.kind !== "comment") continue
    open.depth += found[0] === "/*" ? 1 : -1
    if (open.depth === 0) return pattern.lastIndex
  }
  return -1
}

function after(index: number, length: number): number {
  return index === -1 ? -1 : index + length
}
