/** Every name that `/metrics` shows, as data: the manual's page, the dashboard and the alert rules are held against it. */
export interface MetricRow {
  readonly help: string
  readonly labels: readonly string[]
}

const rows = {
  holdfast_build_info: { help: "Always 1; the version is a label.", labels: ["version"] },
  holdfast_settings_valid: { help: "1 when the settings file can be used, 0 when the last good settings are in force.", labels: [] },
  holdfast_app_protected: { help: "1 when the app is protected by proof, 0 when it is not.", labels: ["app"] },
  holdfast_exposure_seconds: { help: "Age of the newest proven point: what would be lost now.", labels: ["app"] },
  holdfast_exposure_objective_seconds: { help: "The age that it must not exceed.", labels: ["app"] },
  holdfast_recovery_time_seconds: { help: "How long the last drill or restore took.", labels: ["app"] },
  holdfast_recovery_time_objective_seconds: { help: "How long it may take.", labels: ["app"] },
  holdfast_last_success_timestamp_seconds: { help: "When the newest slot that succeeded was due.", labels: ["app", "schedule"] },
  holdfast_next_run_timestamp_seconds: { help: "When the schedule is due next.", labels: ["app", "schedule"] },
  holdfast_points: { help: "Recovery points that are listed.", labels: ["app", "vault"] },
  holdfast_newest_point_timestamp_seconds: { help: "When the newest point was taken.", labels: ["app", "vault"] },
  holdfast_point_size_bytes: { help: "Size of what the newest point holds, before deduplication.", labels: ["app", "vault"] },
  holdfast_point_rows: { help: "Rows of all databases in the newest point.", labels: ["app", "vault"] },
  holdfast_vault_bytes: {
    help: "Bytes that the listed points added to the vault, after deduplication and compression.",
    labels: ["vault"],
  },
  holdfast_vault_reachable: { help: "1 when the vault answered the last time it was asked.", labels: ["vault"] },
  holdfast_vault_key_proven_timestamp_seconds: { help: "When the vault was last opened with its key.", labels: ["vault"] },
  holdfast_vault_kit_taken: { help: "1 when the recovery kit of the vault was taken with its present key.", labels: ["vault"] },
  holdfast_disk_used_ratio: { help: "How full the disk is, 0 to 1, as df counts it.", labels: ["path"] },
  holdfast_operation_duration_seconds: { help: "How long the last operation of this kind took.", labels: ["app", "kind"] },
  holdfast_operation_succeeded: { help: "1 when the last operation of this kind succeeded, 0 for anything else.", labels: ["app", "kind"] },
  holdfast_operations_running: { help: "Operations that have begun and not ended.", labels: [] },
  holdfast_alarm: { help: "1 for each open alarm.", labels: ["kind", "app", "key"] },
  holdfast_receiver_failures: { help: "Messages in a row that a receiver did not take.", labels: ["receiver"] },
} as const satisfies Readonly<Record<string, MetricRow>>

export type MetricName = keyof typeof rows

export const metricTable: Readonly<Record<MetricName, MetricRow>> = rows
