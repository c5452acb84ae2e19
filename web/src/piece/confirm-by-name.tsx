import { Button, Group, Stack, TextInput } from "@mantine/core"
import { useState, type ReactNode } from "react"
import { useConfirmPerson } from "../shell/confirm-person.tsx"

interface ConfirmByNameProps {
  readonly app: string
  /** What the button says. */
  readonly action: string
  readonly pending: boolean
  /** Called with the typed name, once the person has proven who they are. */
  readonly onConfirm: (typed: string) => void
  readonly children?: ReactNode
}

/** The last door before something that can lose data: the app's name, then the second factor. */
export function ConfirmByName({ app, action, pending, onConfirm, children }: ConfirmByNameProps): ReactNode {
  const [typed, setTyped] = useState("")
  const confirmPerson = useConfirmPerson()
  const submit = async (): Promise<void> => {
    if (await confirmPerson()) onConfirm(typed.trim())
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      <Stack gap="md" maw={480}>
        <TextInput
          label={`Type the app's name, ${app}, to go on`}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <Group>
          <Button type="submit" color="red.9" disabled={typed.trim() !== app} loading={pending}>
            {action}
          </Button>
          {children}
        </Group>
      </Stack>
    </form>
  )
}
