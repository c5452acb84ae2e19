import { TextLink } from "../../piece/link.tsx"
import { Group, Text, Tooltip } from "@mantine/core"
import type { ReactNode } from "react"
import type { Point } from "../../../../src/contract/api/points.ts"
import { formatBytes } from "../../../../src/contract/units.ts"
import { Icon } from "../../piece/icon.tsx"
import { Instant } from "../../piece/instant.tsx"
import { useNow } from "../../piece/now.ts"
import { Status } from "../../piece/status.tsx"
import { counted } from "../../words/count.ts"
import { proofMeans, proofSaying } from "../../words/state.ts"
import { shortTime } from "../../words/time.ts"

interface PointRowProps {
  readonly app: string
  readonly point: Point
  /** How many vaults the app has: a point that is in all of them need not say so. */
  readonly vaults: number
  readonly children?: ReactNode
}

export function PointRow({ app, point, vaults, children }: PointRowProps): ReactNode {
  const now = useNow()
  const proof = proofSaying(point.proof?.level ?? null)
  const damaged = point.copies.some((copy) => copy.damaged)
  return (
    <li className="linked">
      <Group wrap="nowrap" gap="sm" align="flex-start">
        {children}
        <div className="grow">
          <Group justify="space-between" gap="xs">
            <Group gap="sm">
              <TextLink to="/apps/$app/points/$point" params={{ app, point: point.id }} fw={600}>
                {shortTime(new Date(point.startedAt), now)}
              </TextLink>
              <span className="quiet">
                <Instant at={point.startedAt} />
              </span>
              {point.label === null ? null : <span className="label wrap">{point.label}</span>}
            </Group>
            <Group gap={6}>
              {damaged ? <Status tone="bad">Damaged</Status> : null}
              {point.warnings === 0 ? null : <Status tone="warn">{counted(point.warnings, "warning")}</Status>}
              <Tooltip label={point.proof === null ? "Nobody has looked at it since it was stored." : proofMeans[point.proof.level]}>
                <span>
                  <Status tone={proof.tone}>{proof.text}</Status>
                </span>
              </Tooltip>
            </Group>
          </Group>
          <Group gap="md" mt={4} className="quiet">
            <span>{formatBytes(point.sizeBytes)}</span>
            <span>{formatBytes(point.storedBytes)} new</span>
            <span className="wrap">
              {point.copies.length < vaults
                ? `in ${point.copies.length} of ${counted(vaults, "vault")}`
                : `in ${point.copies.map((copy) => copy.vault).join(", ")}`}
            </span>
            {point.appVersion === null ? null : <span>version {point.appVersion}</span>}
            <span>{point.trigger}</span>
            {point.cold ? <span>cold</span> : null}
          </Group>
          <Kept point={point} />
        </div>
      </Group>
    </li>
  )
}

/** Why it is kept, or that nothing keeps it. */
function Kept({ point }: { readonly point: Point }): ReactNode {
  if (!point.pinned && point.keep === null) return null
  return (
    <Group gap={6} mt={2} className="quiet" wrap="nowrap" align="flex-start">
      {point.pinned ? (
        <span className="pin">
          <Icon name="pin" size={14} />
        </span>
      ) : null}
      <Text size="sm" className="wrap">
        {point.pinned
          ? point.pinReason === null || point.pinReason === ""
            ? "Pinned"
            : `Pinned: ${point.pinReason}`
          : keepWords(point.keep)}
      </Text>
    </Group>
  )
}

function keepWords(keep: Point["keep"]): string {
  if (keep === null) return ""
  const reasons = keep.reasons.map((reason) => reason.text).join("; ")
  if (keep.keep) return reasons === "" ? "Kept" : `Kept: ${reasons}`
  return reasons === "" ? "Goes with the next expire" : `Goes with the next expire: ${reasons}`
}
