import { HoldfastError, isHoldfastError } from "../../base/errors.ts"

/** An app that no sandbox can hold: its updates are for a person to answer for. Throws what it is given. */
export function withoutSandbox(app: string, thrown: unknown): never {
  if (!isHoldfastError(thrown, "SANDBOX_REFUSED")) throw thrown
  const { message: what, why, cause, details } = thrown
  throw new HoldfastError("SANDBOX_REFUSED", {
    what,
    ...(why === undefined ? {} : { why }),
    hint: `Nothing was changed. This app cannot be rehearsed; \`holdfast update apply ${app} --unrehearsed "why"\` updates it all the same, and says what is not proven then.`,
    cause,
    ...(details === undefined ? {} : { details }),
  })
}
