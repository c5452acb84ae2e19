import { HoldfastError } from "../../base/errors.ts"
import type { FetchContext } from "../../release/ports.ts"
import { idOf, lastLines, type Git } from "./run.ts"

/** ssh signatures alone: a file names who may sign, and no keyring of anybody's is asked. */
export async function requireSigned(
  git: Git,
  copy: string,
  what: { readonly commit: string } | { readonly tag: string },
  allowedSigners: string,
  ctx: FetchContext,
): Promise<void> {
  const [verb, name] = "tag" in what ? ["verify-tag", `refs/tags/${what.tag}`] : ["verify-commit", idOf(what.commit)]
  const settings = [
    "gpg.format=ssh",
    `gpg.ssh.allowedSignersFile=${allowedSigners}`,
    "gpg.ssh.program=ssh-keygen",
    "gpg.program=false",
    "gpg.x509.program=false",
  ]
  const ended = await git({ args: [`--git-dir=${copy}`, verb, "--raw", name], settings }, ctx)
  if (ended.exitCode === 0) return
  const shown = "tag" in what ? `tag ${what.tag}` : `commit ${what.commit.slice(0, 12)}`
  const words = lastLines(ended.stderrTail)
  if (words === "" || /no signature found|cannot verify a non-tag/.test(words))
    throw new HoldfastError("RELEASE_SIGNATURE_MISSING", { what: `${shown} is not signed`, ...(words === "" ? {} : { why: words }) })
  throw new HoldfastError("RELEASE_SIGNATURE_INVALID", { what: `${shown} is not signed by anybody who may sign`, why: words })
}
