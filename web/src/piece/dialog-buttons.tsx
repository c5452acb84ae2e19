import { Button, Group } from "@mantine/core"
import type { ReactNode } from "react"

interface DialogButtonsProps {
  /** What the button that sends the form says. */
  readonly action: string
  readonly pending?: boolean
  readonly onCancel: () => void
}

/** The end of a form in a dialog. */
export function DialogButtons({ action, pending = false, onCancel }: DialogButtonsProps): ReactNode {
  return (
    <Group justify="flex-end">
      <Button variant="default" onClick={onCancel}>
        Cancel
      </Button>
      <Button type="submit" loading={pending}>
        {action}
      </Button>
    </Group>
  )
}
