import { Button, Modal, PasswordInput, Radio, Stack, Text } from "@mantine/core"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useState, type ReactNode } from "react"
import type { KitBody } from "../../../../src/contract/api/vaults.ts"
import { tellDone } from "../../piece/actions.tsx"
import { DialogButtons } from "../../piece/dialog-buttons.tsx"
import { ProblemNote } from "../../piece/problem-note.tsx"
import { saveFile } from "../../piece/save-file.ts"
import { useConfirmPerson } from "../../shell/confirm-person.tsx"
import { askFile } from "../../wire/ask.ts"
import { place } from "../../wire/place.ts"

/** The recovery kit: where the vault is, its key, the commands. */
export function KitButton({ vault }: { readonly vault: string }): ReactNode {
  const [asking, setAsking] = useState(false)
  const [form, setForm] = useState<{ readonly as: KitBody["as"]; readonly passphrase: string }>({ as: "html", passphrase: "" })
  const client = useQueryClient()
  const confirmPerson = useConfirmPerson()
  const take = useMutation({
    mutationFn: async () => {
      const body: KitBody = form.as === "html" ? { as: "html" } : { as: "encrypted", passphrase: form.passphrase }
      return await askFile(place`/vaults/${vault}/kit`, { method: "POST", body })
    },
    onSuccess: async ({ content, fileName }) => {
      saveFile(content, fileName)
      setAsking(false)
      tellDone("Keep the kit away from this machine.")
      await client.invalidateQueries({ queryKey: ["vaults"] })
    },
  })
  const submit = async (): Promise<void> => {
    setAsking(false)
    const confirmed = await confirmPerson()
    setAsking(true)
    if (confirmed) take.mutate()
  }
  return (
    <>
      <Button mt="md" variant="default" onClick={() => setAsking(true)}>
        Take the recovery kit
      </Button>
      <Modal opened={asking} onClose={() => setAsking(false)} title={`Recovery kit of ${vault}`}>
        <form
          onSubmit={(event) => {
            event.preventDefault()
            void submit()
          }}
        >
          <Stack gap="md">
            <Text c="dimmed">
              It holds the key of this vault: whoever has it can read every point. Print it, or keep it in a password manager, away from
              this machine.
            </Text>
            {take.error === null ? null : <ProblemNote error={take.error} />}
            <Radio.Group label="As" value={form.as} onChange={(as) => setForm({ ...form, as: as === "encrypted" ? "encrypted" : "html" })}>
              <Stack gap="xs" mt={6}>
                <Radio value="html" label="A page to print" />
                <Radio value="encrypted" label="A file that needs a passphrase" />
              </Stack>
            </Radio.Group>
            {form.as === "encrypted" ? (
              <PasswordInput
                label="Passphrase"
                description="At least 12 characters. It is stored nowhere."
                minLength={12}
                required
                withAsterisk={false}
                autoComplete="new-password"
                value={form.passphrase}
                onChange={(event) => setForm({ ...form, passphrase: event.currentTarget.value })}
              />
            ) : null}
            <DialogButtons action="Take it" pending={take.isPending} onCancel={() => setAsking(false)} />
          </Stack>
        </form>
      </Modal>
    </>
  )
}
