/** Every kind of alarm as data: what it is called, whether it is mild, what to do. The manual's page is held against this table. */
export interface AlarmKindRow {
  /** After the app's name, or alone: lower case, no final stop. */
  readonly title: string
  /** Told once and reminded weekly: nothing is failing yet. */
  readonly mild: boolean
  /** News, not a fault: told once, never reminded of, and nothing is said when it is over. */
  readonly news?: true
  /** `APP` stands for the app's name. */
  readonly hint: string
}

const rows = {
  "run-failed": {
    title: "a scheduled run failed",
    mild: false,
    hint: "Run `holdfast operations --app APP` to see what failed and why, then run it by hand.",
  },
  overdue: {
    title: "a scheduled run did not succeed in time",
    mild: false,
    hint: "Check that the service or its timer runs, then run `holdfast backup APP`, or `holdfast drill APP` for a drill.",
  },
  "proof-stale": {
    title: "the newest proof is too old",
    mild: false,
    hint: "Run `holdfast verify APP`, or `holdfast drill APP` to prove that it restores.",
  },
  "recovery-time": {
    title: "a restore takes longer than its objective",
    mild: false,
    hint: "Give APP a nearer vault or faster disk, or a longer `objectives.recoveryTime`.",
  },
  "copy-missing": {
    title: "a copy is missing",
    mild: false,
    hint: "Run `holdfast copy APP`, and `holdfast doctor` to see whether the vault answers.",
  },
  "vault-unreachable": {
    title: "a vault cannot be reached",
    mild: false,
    hint: "Check the address, the network, the disk and the credentials of the vault; `holdfast doctor` asks it again.",
  },
  "vault-changed": {
    title: "a vault is not what it was",
    mild: false,
    hint: "It was swapped or rolled back. Find out why before anything is deleted; `holdfast doctor` shows both ids.",
  },
  "key-not-proven": {
    title: "the key of a vault is not proven",
    mild: false,
    hint: "Run `holdfast doctor`; if the key does not open the vault, put the one from the recovery kit back.",
  },
  "disk-full": {
    title: "a disk is nearly full",
    mild: false,
    hint: "Run `holdfast doctor --free-space` to see what can go.",
  },
  collapsed: {
    title: "the newest point is far smaller than those before",
    mild: false,
    hint: "Run `holdfast compare APP` with an earlier point, and look whether the app lost data, before older points expire.",
  },
  "data-unheld": {
    title: "data is in no recovery point",
    mild: true,
    hint: "Name it under `files` or `databases` of APP, or under `leaveOut` if no point need hold it, then run `holdfast backup APP`.",
  },
  "kit-not-taken": {
    title: "the recovery kit was not taken",
    mild: true,
    hint: "Run `holdfast kit` and keep the kit somewhere else: without it the vault cannot be read once this machine is gone.",
  },
  "nobody-told": {
    title: "nobody is told of its alarms",
    mild: true,
    hint: "Name somebody under `notify.always`, or under `notify` of APP, then run `holdfast notify test`.",
  },
  "notifier-failing": {
    title: "messages do not arrive",
    mild: false,
    hint: "Correct the address or the account, then run `holdfast notify test`.",
  },
  "settings-broken": {
    title: "the settings cannot be used",
    mild: false,
    hint: "Correct the line that is named; until then the last good settings are in force.",
  },
  "update-available": {
    title: "a newer release is there",
    mild: true,
    news: true,
    hint: "Run `holdfast update plan APP` to see what it would do.",
  },
  "update-failed": {
    title: "an update did not do well",
    mild: false,
    hint: "Run `holdfast update history APP` to see what happened; the app runs as before.",
  },
  "update-missed": {
    title: "an update was not applied in its window",
    mild: true,
    hint: "Run `holdfast update apply APP` by hand, or change the window under `updates` of APP.",
  },
  clock: {
    title: "the clock cannot be right",
    mild: false,
    hint: "Set this machine's clock and let it follow a time server; nothing expires until it is plausible.",
  },
} as const satisfies Readonly<Record<string, AlarmKindRow>>

export type AlarmKind = keyof typeof rows

export const alarmKinds: Readonly<Record<AlarmKind, AlarmKindRow>> = rows

/** A kind as it was stored, which may be of a newer or older version. */
export function isAlarmKind(kind: string): kind is AlarmKind {
  return kind in rows
}

/** Whether it is told once and then left alone. */
export function isNews(kind: string): boolean {
  return isAlarmKind(kind) && alarmKinds[kind].news === true
}

/** A full sentence on what to do. Empty for a kind that this version does not know. */
export function hintOf(kind: string, app: string | null): string {
  if (!isAlarmKind(kind)) return ""
  return alarmKinds[kind].hint.replaceAll("APP", app ?? "the app")
}

/** `chat: a scheduled run failed`. */
export function titleOf({ kind, app }: { readonly kind: string; readonly app: string | null }): string {
  const title = isAlarmKind(kind) ? alarmKinds[kind].title : kind
  return app === null ? title : `${app}: ${title}`
}
