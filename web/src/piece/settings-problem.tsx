import { Button } from "@mantine/core"
import { z } from "zod"
import type { ReactNode } from "react"
import { settingsConflict } from "../../../src/contract/api/schedules.ts"
import { problemOf } from "../wire/problem.ts"
import { ProblemNote } from "./problem-note.tsx"

const refusal = z.object({ error: z.object({ details: settingsConflict }) })

/** Why the settings file was not written; when somebody else changed it meanwhile, what they changed. */
export function SettingsProblem({ error, reload }: { readonly error: unknown; readonly reload: () => void }): ReactNode {
  const conflict = refusal.safeParse(problemOf(error).document)
  if (!conflict.success) return <ProblemNote error={error} />
  const { difference } = conflict.data.error.details
  return (
    <div>
      <ProblemNote error={error} title="The settings file was changed meanwhile; nothing was written." />
      {difference.length === 0 ? null : (
        <pre className="log" aria-label="What was changed meanwhile">
          {difference.join("\n")}
        </pre>
      )}
      <Button mt="sm" variant="default" onClick={reload}>
        Load the file as it is now
      </Button>
    </div>
  )
}
