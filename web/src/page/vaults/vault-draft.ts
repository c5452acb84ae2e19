import type { VaultTestBody } from "../../../../src/contract/api/vaults.ts"

export interface VaultDraft {
  readonly vault: string
  readonly kind: "path" | "url"
  readonly path: string
  readonly url: string
  /** Lines of NAME=value. */
  readonly credentials: string
  readonly options: string
  readonly appendOnly: boolean
}

/** The place as the service takes it: a folder, or an address with what the transport needs. */
export function placeOf(draft: VaultDraft): VaultTestBody {
  if (draft.kind === "path") return { path: draft.path.trim(), url: null, credentials: null, options: null }
  return { path: null, url: draft.url.trim(), credentials: pairsOf(draft.credentials), options: pairsOf(draft.options) }
}

/** `NAME=value` by lines; null when there is none. Everything after the first `=` belongs to the value. */
export function pairsOf(text: string): Record<string, string> | null {
  const pairs = lines(text).map((line): [string, string] => {
    const at = line.indexOf("=")
    return [line.slice(0, at).trim(), line.slice(at + 1)]
  })
  return pairs.length === 0 ? null : Object.fromEntries(pairs)
}

export function linesWrong(text: string): boolean {
  return lines(text).some((line) => line.indexOf("=") < 1)
}

function lines(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
}
