import { it } from "vitest"

/** `it` for the steps of one story: what follows a step that failed is skipped, because it would only fail for the same reason. */
export function storySteps(): (title: string, run: () => Promise<void>) => void {
  let failed = false
  return (title, run) => {
    it(title, async (context) => {
      context.skip(failed, "an earlier step of this story failed")
      failed = true
      await run()
      failed = false
    })
  }
}
