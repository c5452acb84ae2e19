import { Checkbox, Modal, MultiSelect, Stack, TextInput } from "@mantine/core"
import { useState, type ReactNode } from "react"
import type { AppPage } from "../../../../src/contract/api/app.ts"
import type { BackupBody } from "../../../../src/contract/api/points.ts"
import { DialogButtons } from "../../piece/dialog-buttons.tsx"

interface BackupDialogProps {
  readonly app: string
  readonly page: AppPage
  readonly opened: boolean
  readonly onClose: () => void
  readonly begin: (body: BackupBody) => void
}

export function BackupDialog({ app, page, opened, onClose, begin }: BackupDialogProps): ReactNode {
  const [label, setLabel] = useState("")
  const [cold, setCold] = useState(false)
  const [acceptCollapse, setAcceptCollapse] = useState(false)
  const [only, setOnly] = useState<string[]>([])
  return (
    <Modal opened={opened} onClose={onClose} title={`Back up ${app}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          onClose()
          begin({ label: label.trim() === "" ? null : label.trim(), cold, acceptCollapse, only: only.length === 0 ? null : only })
        }}
      >
        <Stack gap="md">
          <TextInput
            label="Label"
            description="To find this point again. May be left empty."
            maxLength={200}
            value={label}
            onChange={(event) => setLabel(event.currentTarget.value)}
            data-autofocus
          />
          <MultiSelect
            label="Parts"
            description="Left empty: all of them."
            data={[...page.parts]}
            value={only}
            onChange={setOnly}
            comboboxProps={{ withinPortal: true }}
          />
          <Checkbox label="Cold: stop the app for the capture" checked={cold} onChange={(event) => setCold(event.currentTarget.checked)} />
          <Checkbox
            label="Accept that much less is there than last time"
            description="Otherwise a backup in which rows or files collapsed is refused."
            checked={acceptCollapse}
            onChange={(event) => setAcceptCollapse(event.currentTarget.checked)}
          />
          <DialogButtons action="Back up" onCancel={onClose} />
        </Stack>
      </form>
    </Modal>
  )
}
