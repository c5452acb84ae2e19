/** The git binary, for releases that are built from their sources: a copy of our own of what is published, and the operator's checkout. */
import type { SourceTools } from "../../release/checkout-ports.ts"
import { createCheckouts, type CheckoutOptions } from "./checkout.ts"
import { createGitRepositories } from "./copy.ts"

/** Nothing is started before it is first asked. @param options.directory made when it is needed */
export function createGit(options: CheckoutOptions): SourceTools {
  return { repositories: createGitRepositories(options), checkouts: createCheckouts(options) }
}
