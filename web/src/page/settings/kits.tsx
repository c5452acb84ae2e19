import { Group, Stack, Text } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { Instant } from "../../piece/instant.tsx"
import { Empty, Loaded, Section } from "../../piece/layout.tsx"
import { Status } from "../../piece/status.tsx"
import { vaultsQuery } from "../../wire/queries.ts"
import { KitButton } from "../vaults/kit.tsx"

/** The recovery kit of each vault. */
export function Kits(): ReactNode {
  const query = useQuery(vaultsQuery)
  return (
    <Section
      title="Recovery kit"
      lead="Where the vaults are, their keys, and the commands that bring everything back on an empty machine. Keep it away from this one."
    >
      <Loaded query={query}>
        {({ vaults }) => {
          const made = vaults.filter((vault) => vault.vaultId !== null)
          if (made.length === 0) return <Empty title="There is no vault to make a kit of yet.">A vault is made with its first point.</Empty>
          return (
            <Stack gap="md">
              {made.map((vault) => (
                <div key={vault.vault}>
                  <Group gap="sm">
                    <Text fw={600}>{vault.vault}</Text>
                    {!vault.kitTaken ? (
                      <Status tone="warn">Never taken</Status>
                    ) : (
                      <Status tone="good">
                        <span>Taken {vault.kitTakenAt === null ? null : <Instant at={vault.kitTakenAt} />}</span>
                      </Status>
                    )}
                  </Group>
                  <KitButton vault={vault.vault} />
                </div>
              ))}
            </Stack>
          )
        }}
      </Loaded>
    </Section>
  )
}
