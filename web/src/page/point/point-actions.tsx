import { Button, Group, Modal, Select, Stack, TextInput } from "@mantine/core"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useState, type ReactNode } from "react"
import { pinned, type PointPage } from "../../../../src/contract/api/points.ts"
import { tellDone, tellProblem, useBegin } from "../../piece/actions.tsx"
import { DialogButtons } from "../../piece/dialog-buttons.tsx"
import { Icon } from "../../piece/icon.tsx"
import { ask } from "../../wire/ask.ts"
import { useMay } from "../../wire/may.ts"
import { place } from "../../wire/place.ts"

/** What can be done with a point besides restoring it. */
export function PointActions({ app, page }: { readonly app: string; readonly page: PointPage }): ReactNode {
  const may = useMay()
  const begin = useBegin()
  const vaults = page.copies.map((copy) => copy.vault)
  const [vault, setVault] = useState(page.show.vault)
  if (!may("backup.manage", app)) return null
  const here = place`/apps/${app}/points/${page.show.id}`
  return (
    <Group gap="xs" align="flex-end">
      {vaults.length < 2 ? null : (
        <Select
          label="Vault to read from"
          data={vaults}
          value={vault}
          onChange={(value) => setVault(value ?? page.show.vault)}
          allowDeselect={false}
          w={180}
        />
      )}
      <Button
        variant="default"
        loading={begin.isPending}
        onClick={() => begin.mutate({ path: `${here}/verify`, body: { vault, level: "read" } })}
      >
        Verify
      </Button>
      <Button variant="default" loading={begin.isPending} onClick={() => begin.mutate({ path: `${here}/drill`, body: { vault } })}>
        Run a drill
      </Button>
      <PinButton app={app} page={page} />
    </Group>
  )
}

function PinButton({ app, page: { show } }: { readonly app: string; readonly page: PointPage }): ReactNode {
  const client = useQueryClient()
  const [asking, setAsking] = useState(false)
  const [reason, setReason] = useState("")
  const change = useMutation({
    mutationFn: async (pin: boolean) =>
      await ask(pinned, place`/apps/${app}/points/${show.id}/${pin ? "pin" : "unpin"}`, {
        method: "POST",
        body: { reason: pin && reason.trim() !== "" ? reason.trim() : null, vault: show.vault },
      }),
    onSuccess: async (done) => {
      setAsking(false)
      tellDone(done.pinned ? "Pinned: it is kept until it is unpinned." : "Unpinned: the policy decides again.")
      await client.invalidateQueries({ queryKey: ["app", app] })
    },
    onError: tellProblem,
  })
  return (
    <>
      <Button
        variant="default"
        leftSection={<Icon name="pin" size={16} />}
        loading={change.isPending}
        onClick={() => (show.pinned ? change.mutate(false) : setAsking(true))}
      >
        {show.pinned ? "Unpin" : "Pin"}
      </Button>
      <Modal opened={asking} onClose={() => setAsking(false)} title="Pin this point">
        <form
          onSubmit={(event) => {
            event.preventDefault()
            change.mutate(true)
          }}
        >
          <Stack gap="md">
            <TextInput
              label="Reason"
              description="For whoever asks later why it is kept. May be left empty."
              maxLength={500}
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
              data-autofocus
            />
            <DialogButtons action="Pin" pending={change.isPending} onCancel={() => setAsking(false)} />
          </Stack>
        </form>
      </Modal>
    </>
  )
}
