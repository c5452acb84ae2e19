import { Text } from "@mantine/core"
import { lazy, Suspense, type ReactNode } from "react"
import type { Vault } from "../../../../src/contract/api/vaults.ts"
import { formatBytes } from "../../../../src/contract/units.ts"
import { Instant } from "../../piece/instant.tsx"
import { Facts, Section } from "../../piece/layout.tsx"
import { TextLink } from "../../piece/link.tsx"
import { Meter } from "../../piece/meter.tsx"
import { Note, Status } from "../../piece/status.tsx"
import { useMay } from "../../wire/may.ts"
import { counted } from "../../words/count.ts"
import { KitButton } from "./kit.tsx"

const Growth = lazy(async () => ({ default: (await import("./growth.tsx")).Growth }))

export function VaultCard({ vault }: { readonly vault: Vault }): ReactNode {
  const mayTakeKit = useMay()("owner", null)
  return (
    <Section
      title={vault.vault}
      actions={
        <>
          {vault.appendOnly ? <Status tone="quiet">Append-only</Status> : null}
          <Reachable vault={vault} />
        </>
      }
    >
      {vault.reachable === false ? (
        <div className="below">
          <Note tone="bad" title="It cannot be reached.">
            {vault.why ?? ""}
          </Note>
        </div>
      ) : null}
      {!vault.kitTaken && vault.vaultId !== null ? (
        <div className="below">
          <Note tone="warn" title="Its recovery kit was never taken.">
            Without it nobody can read this vault once this machine is gone.
          </Note>
        </div>
      ) : null}
      <div className="two">
        <Facts
          of={[
            [
              "Where",
              <span key="where" className="mono wrap">
                {vault.address}
              </span>,
            ],
            ["Apps", vault.apps.length === 0 ? "none yet" : <Apps key="apps" vault={vault} />],
            ["Size", `${formatBytes(vault.storedBytes)} in ${counted(vault.points, "point")}`],
            ["Last full read", <When key="read" at={vault.lastReadAt} never="never" />],
            ["Key proven", <When key="key" at={vault.keyProvenAt} never="never" />],
            ["Kit taken", vault.kitTaken && vault.kitTakenAt === null ? "yes" : <When key="kit" at={vault.kitTakenAt} never="never" />],
          ]}
        />
        <div>
          {vault.freeBytes === null || vault.totalBytes === null || vault.totalBytes === 0 ? null : (
            <Meter used={vault.totalBytes - vault.freeBytes} total={vault.totalBytes} label={`Disk of ${vault.vault}`} />
          )}
          {vault.growth.length < 2 ? null : (
            <Suspense fallback={null}>
              <Growth growth={vault.growth} />
            </Suspense>
          )}
        </div>
      </div>
      {mayTakeKit && vault.vaultId !== null ? <KitButton vault={vault.vault} /> : null}
    </Section>
  )
}

function Reachable({ vault }: { readonly vault: Vault }): ReactNode {
  if (vault.reachable === null) return <Status tone="quiet">Not checked yet</Status>
  return vault.reachable ? (
    <Status tone="good">
      <span>
        Reachable
        {vault.checkedAt === null ? null : (
          <>
            , <Instant at={vault.checkedAt} />
          </>
        )}
      </span>
    </Status>
  ) : (
    <Status tone="bad">Not reachable</Status>
  )
}

function Apps({ vault }: { readonly vault: Vault }): ReactNode {
  return (
    <ul className="plain tight">
      {vault.apps.map(({ app, points, newest }) => (
        <li key={app}>
          <TextLink to="/apps/$app" params={{ app }} underline="always">
            {app}
          </TextLink>{" "}
          <Text span size="sm" c="dimmed">
            {counted(points, "point")}
            {newest === null ? null : (
              <>
                , newest <Instant at={newest} />
              </>
            )}
          </Text>
        </li>
      ))}
    </ul>
  )
}

function When({ at, never }: { readonly at: string | null; readonly never: string }): ReactNode {
  return at === null ? <Status tone="warn">{never}</Status> : <Instant at={at} />
}
