import type { ReactNode } from "react"
import type { AppPage } from "../../../../src/contract/api/app.ts"
import { formatDuration } from "../../../../src/contract/units.ts"
import { Instant } from "../../piece/instant.tsx"
import { TextLink } from "../../piece/link.tsx"
import { grouped } from "../../words/count.ts"
import { proofSaying } from "../../words/state.ts"
import { entrySaying } from "../updates/standing.ts"

/** Objectives against what was measured. */
export function Measured({ page: { status, objectives } }: { readonly page: AppPage }): ReactNode {
  return (
    <dl className="tiles">
      <Tile
        name="Exposure"
        value={status.exposureMs}
        objective={objectives.exposureMs}
        none="no proven point"
        means="Age of the newest proven point"
      />
      <Tile
        name="Recovery time"
        value={status.recoveryTimeMs}
        objective={objectives.recoveryTimeMs}
        none="not measured"
        means="Of the last drill or restore"
      />
      <div className="tile">
        <dt>Points</dt>
        <dd>{grouped(status.points)}</dd>
        <dd className="quiet">
          {status.level === null ? "none is proven" : `best proof: ${proofSaying(status.level).text.toLowerCase()}`}
        </dd>
      </div>
      {status.lastUpdate === null ? null : <LastUpdate app={status.app} last={status.lastUpdate} />}
    </dl>
  )
}

interface LastUpdateProps {
  readonly app: string
  readonly last: NonNullable<AppPage["status"]["lastUpdate"]>
}

function LastUpdate({ app, last: { kind, to, outcome, at } }: LastUpdateProps): ReactNode {
  const went = outcome === "applied" || kind === "rollback"
  return (
    <div className="tile">
      <dt>Last update</dt>
      <dd className="wrap">{to ?? "unknown"}</dd>
      <dd className={went ? "quiet" : "ink-bad"}>
        <TextLink to="/apps/$app/updates" params={{ app }} size="sm">
          {entrySaying({ kind, outcome }).text}
        </TextLink>{" "}
        <Instant at={at} />
      </dd>
    </div>
  )
}

interface TileProps {
  readonly name: string
  readonly value: number | null
  readonly objective: number | null
  readonly none: string
  readonly means: string
}

function Tile({ name, value, objective, none, means }: TileProps): ReactNode {
  const missed = value !== null && objective !== null && value > objective
  return (
    <div className="tile">
      <dt>{name}</dt>
      <dd>{value === null ? none : formatDuration(value)}</dd>
      <dd className={missed ? "ink-bad" : "quiet"}>
        {objective === null
          ? means
          : missed
            ? `over the objective of ${formatDuration(objective)}`
            : `objective ${formatDuration(objective)}`}
      </dd>
    </div>
  )
}
