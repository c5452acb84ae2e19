import { Button, Stack } from "@mantine/core"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { vaultsPage } from "../../../../src/contract/api/vaults.ts"
import { tellProblem } from "../../piece/actions.tsx"
import { Icon } from "../../piece/icon.tsx"
import { Empty, Loaded, Page } from "../../piece/layout.tsx"
import { ButtonLink } from "../../piece/link.tsx"
import { ask } from "../../wire/ask.ts"
import { useMay } from "../../wire/may.ts"
import { vaultsQuery } from "../../wire/queries.ts"
import { VaultCard } from "./vault-card.tsx"

/** Where the points are: whether each vault answers, how full it is, when it was read, whether its kit was taken. */
export function Vaults(): ReactNode {
  const query = useQuery(vaultsQuery)
  const client = useQueryClient()
  const mayAdd = useMay()("owner", null) && query.data?.file.writable === true
  const check = useMutation({
    mutationFn: async () => await ask(vaultsPage, "/vaults?check=true"),
    onSuccess: (page) => client.setQueryData(vaultsQuery.queryKey, page),
    onError: tellProblem,
  })
  return (
    <Page
      title="Vaults"
      lead="Each is encrypted with its own key. Without the recovery kit nobody can read it once this machine is gone."
      actions={
        <>
          <Button variant="default" loading={check.isPending} onClick={() => check.mutate()}>
            Check now
          </Button>
          {mayAdd ? (
            <ButtonLink to="/vaults/add" leftSection={<Icon name="plus" />}>
              Add vault
            </ButtonLink>
          ) : null}
        </>
      }
    >
      <Loaded query={query}>
        {({ vaults }) =>
          vaults.length === 0 ? (
            <section className="card">
              <Empty title="There is no vault yet.">Add one: a folder, a disk, or better another machine.</Empty>
            </section>
          ) : (
            <Stack gap="lg">
              {vaults.map((vault) => (
                <VaultCard key={vault.vault} vault={vault} />
              ))}
            </Stack>
          )
        }
      </Loaded>
    </Page>
  )
}
