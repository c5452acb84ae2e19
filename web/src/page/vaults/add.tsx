import { Button, Checkbox, Group, SegmentedControl, Stack, Textarea, TextInput } from "@mantine/core"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import { useState, type ReactNode } from "react"
import { addedVault, vaultTested, type VaultsPage } from "../../../../src/contract/api/vaults.ts"
import { tellDone } from "../../piece/actions.tsx"
import { Empty, Loaded, Page, Section } from "../../piece/layout.tsx"
import { ButtonLink, TextLink } from "../../piece/link.tsx"
import { ProblemNote } from "../../piece/problem-note.tsx"
import { SettingsProblem } from "../../piece/settings-problem.tsx"
import { Note } from "../../piece/status.tsx"
import { ask } from "../../wire/ask.ts"
import { useMay } from "../../wire/may.ts"
import { vaultsQuery } from "../../wire/queries.ts"
import { linesWrong, placeOf, type VaultDraft } from "./vault-draft.ts"

/** A new vault: where it is, whether it answers, save. */
export function AddVault(): ReactNode {
  const query = useQuery(vaultsQuery)
  const may = useMay()
  return (
    <Page
      title="Add a vault"
      lead="A folder on this machine, a mounted disk, or better: another machine."
      above={
        <TextLink to="/vaults" size="sm">
          Vaults
        </TextLink>
      }
    >
      {may("owner", null) ? (
        <Loaded query={query}>{(page) => <VaultForm key={page.file.digest} page={page} />}</Loaded>
      ) : (
        <Empty title="Only an owner adds vaults." />
      )}
    </Page>
  )
}

const EMPTY: VaultDraft = { vault: "", kind: "path", path: "", url: "", credentials: "", options: "", appendOnly: false }

function VaultForm({ page }: { readonly page: VaultsPage }): ReactNode {
  const [draft, setDraft] = useState(EMPTY)
  const change = (part: Partial<VaultDraft>): void => {
    setDraft((old) => ({ ...old, ...part }))
    test.reset()
  }
  const client = useQueryClient()
  const navigate = useNavigate()
  const test = useMutation({ mutationFn: async () => await ask(vaultTested, "/vaults/test", { method: "POST", body: placeOf(draft) }) })
  const save = useMutation({
    mutationFn: async () =>
      await ask(addedVault, "/vaults", {
        method: "POST",
        ifMatch: page.file.digest,
        body: { ...placeOf(draft), vault: draft.vault, appendOnly: draft.appendOnly },
      }),
    onSuccess: async ({ vault }) => {
      tellDone(`${vault} is now in the settings. It is made with its first point; take its kit then.`)
      await client.invalidateQueries()
      await navigate({ to: "/vaults" })
    },
  })
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <Stack gap="lg">
        {page.file.writable ? null : (
          <Note tone="warn" title="The settings file cannot be written here.">
            {page.file.why ?? ""}
          </Note>
        )}
        <Section title="Where">
          <Place draft={draft} change={change} />
        </Section>
        {test.error === null ? null : <ProblemNote error={test.error} />}
        {test.data === undefined ? null : (
          <Note
            tone={test.data.reachable ? (test.data.exists ? "warn" : "good") : "bad"}
            title={test.data.reachable ? "It answers." : "It does not answer."}
            live
          >
            {test.data.text}
          </Note>
        )}
        {save.error === null ? null : (
          <SettingsProblem error={save.error} reload={() => void client.invalidateQueries({ queryKey: ["vaults"] })} />
        )}
        <Group>
          <Button variant="default" loading={test.isPending} onClick={() => test.mutate()}>
            Test the connection
          </Button>
          <Button
            type="submit"
            loading={save.isPending}
            disabled={!page.file.writable || linesWrong(draft.credentials) || linesWrong(draft.options)}
          >
            Save
          </Button>
          <ButtonLink variant="subtle" to="/vaults">
            Cancel
          </ButtonLink>
        </Group>
      </Stack>
    </form>
  )
}

function Place({ draft, change }: { readonly draft: VaultDraft; readonly change: (part: Partial<VaultDraft>) => void }): ReactNode {
  const plain = { required: true, withAsterisk: false, spellCheck: false, autoCapitalize: "none" } as const
  return (
    <Stack gap="md" maw={640}>
      <TextInput
        {...plain}
        label="Name"
        description="Small letters, digits, dash."
        pattern="[a-z][a-z0-9_\-]{0,62}"
        value={draft.vault}
        onChange={(event) => change({ vault: event.currentTarget.value })}
      />
      <SegmentedControl
        aria-label="Kind of place"
        value={draft.kind}
        onChange={(kind) => change({ kind: kind === "url" ? "url" : "path" })}
        data={[
          { value: "path", label: "A folder on the host" },
          { value: "url", label: "Another machine" },
        ]}
      />
      {draft.kind === "path" ? (
        <TextInput
          {...plain}
          label="Folder"
          placeholder="/mnt/backup/holdfast"
          value={draft.path}
          onChange={(event) => change({ path: event.currentTarget.value })}
        />
      ) : (
        <>
          <TextInput
            {...plain}
            label="Address"
            description="As restic takes it: rest:https://…, sftp:user@host:/path, s3:https://…"
            placeholder="rest:https://vault.example.com/holdfast"
            value={draft.url}
            onChange={(event) => change({ url: event.currentTarget.value })}
          />
          <Textarea
            label="Credentials"
            description="One NAME=value on each line, such as RESTIC_REST_PASSWORD=…; kept in a file of its own, never in the settings."
            autosize
            minRows={2}
            spellCheck={false}
            autoComplete="off"
            classNames={{ input: "mono" }}
            error={linesWrong(draft.credentials) ? "Each line needs the form NAME=value." : undefined}
            value={draft.credentials}
            onChange={(event) => change({ credentials: event.currentTarget.value })}
          />
          <Textarea
            label="Options"
            description="One name=value on each line, for the transport. Usually empty."
            autosize
            minRows={1}
            spellCheck={false}
            classNames={{ input: "mono" }}
            error={linesWrong(draft.options) ? "Each line needs the form name=value." : undefined}
            value={draft.options}
            onChange={(event) => change({ options: event.currentTarget.value })}
          />
        </>
      )}
      <Checkbox
        label="Append-only: it cannot be deleted from here"
        description="Points in it are let go from elsewhere, with another credential."
        checked={draft.appendOnly}
        onChange={(event) => change({ appendOnly: event.currentTarget.checked })}
      />
    </Stack>
  )
}
