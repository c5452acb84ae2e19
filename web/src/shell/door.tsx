import { Button, Center, Loader } from "@mantine/core"
import { useQuery, useQueryClient } from "@tanstack/react-query"
import { useEffect, type ReactNode } from "react"
import { listen } from "../wire/live.ts"
import { problemOf } from "../wire/problem.ts"
import { meQuery, setupQuery } from "../wire/queries.ts"
import { ProblemNote } from "../piece/problem-note.tsx"
import { FirstRun } from "./first-run.tsx"
import { Porch } from "./porch.tsx"
import { SignIn } from "./sign-in.tsx"

/** Lets in whoever is signed in; everyone else meets the sign-in, or the first run where there is no account yet. */
export function DoorProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const client = useQueryClient()
  const who = useQuery(meQuery)
  const outside = who.isError && problemOf(who.error).status === 401
  const setup = useQuery({ ...setupQuery, enabled: outside })
  const inside = who.data !== undefined && !outside

  useEffect(() => (inside ? listen(client) : undefined), [client, inside])

  if (inside) return children
  if (who.isError && !outside) return <Trouble error={who.error} again={() => void who.refetch()} />
  if (setup.isError) return <Trouble error={setup.error} again={() => void setup.refetch()} />
  if (setup.data === undefined) {
    return (
      <Center h="100vh">
        <Loader aria-label="Loading" />
      </Center>
    )
  }
  const enter = (): void => void client.resetQueries()
  return setup.data.needed ? <FirstRun onDone={enter} /> : <SignIn onDone={enter} />
}

function Trouble({ error, again }: { readonly error: unknown; readonly again: () => void }): ReactNode {
  return (
    <Porch title="Holdfast">
      <ProblemNote error={error} />
      <Button onClick={again}>Try again</Button>
    </Porch>
  )
}
