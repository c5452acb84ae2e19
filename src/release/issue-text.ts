import type { z } from "zod"

const TOLD = 3

/** What is wrong and where, the first few of it: `images.server.digest: Invalid string; product: Invalid input`. */
export function issueText({ issues }: z.ZodError): string {
  return issues
    .slice(0, TOLD)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`))
    .join("; ")
}
