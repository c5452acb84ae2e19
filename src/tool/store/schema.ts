/** The store's tables as Kysely sees them. Instants are ISO text, documents are JSON text: the same on SQLite and PostgreSQL. */
export interface StoreTables {
  lease: LeaseRow
  operation: OperationRow
  step: StepRow
  point: PointRow
  proof: ProofRow
  pin: PinRow
  kept: KeptRow
  value: ValueRow
  slot: SlotRow
  alarm: AlarmRow
}

export interface LeaseRow {
  app: string
  operation_id: string
  holder: string
}

export interface OperationRow {
  id: string
  kind: string
  app: string
  holder: string
  plan: string
  started_at: string
  finished_at: string | null
  outcome: string | null
  error_code: string | null
  message: string | null
  result: string
  cancel_requested: number
}

export interface StepRow {
  operation_id: string
  position: number
  name: string
  state: string
  details: string
  result: string
  at: string
}

export interface PointRow {
  app: string
  vault: string
  id: string
  sequence: number
  digest: string
  started_at: string
  manifest: string
  summary: string
  expired_at: string | null
}

export interface ProofRow {
  app: string
  point: string
  vault: string
  level: string
  at: string
  duration_ms: number
  operation_id: string
  details: string
}

export interface PinRow {
  app: string
  point: string
  pinned: number
  reason: string | null
  at: string
}

export interface KeptRow {
  operation_id: string
  app: string
  kept_until: string
  released_at: string | null
  details: string
}

export interface ValueRow {
  key: string
  content: string
}

export interface SlotRow {
  app: string
  schedule: string
  slot: string
  handled_at: string
  outcome: string
  operation_id: string | null
  reason: string | null
  missed: number
}

export interface AlarmRow {
  key: string
  app: string | null
  kind: string
  text: string
  since: string
  told_at: string | null
  ended_at: string | null
}
