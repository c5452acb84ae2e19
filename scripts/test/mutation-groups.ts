/** What mutation testing changes, and the tests that have to notice it: those beside it, so that each change is judged within seconds. */
export interface MutationGroup {
  readonly name: string
  /** Handed on with commas between them, so without braces. */
  readonly files: readonly string[]
  readonly tests: readonly string[]
}

export const mutationGroups: readonly MutationGroup[] = [
  { name: "retention", files: ["src/retention/*.ts"], tests: ["src/retention/*.test.ts"] },
  { name: "clock", files: ["src/base/timezone.ts"], tests: ["src/base/timezone.test.ts"] },
  { name: "facts", files: ["src/recovery-point/facts.ts"], tests: ["src/recovery-point/facts.test.ts"] },
  {
    name: "chain",
    files: ["src/recovery-point/chain.ts"],
    // What a vault really holds is asked of a real vault.
    tests: ["src/recovery-point/chain.test.ts", "test/contract/vault-chain.test.ts"],
  },
  {
    name: "trees",
    files: ["src/backup/collapse.ts", "src/app/tree/collapse.ts", "src/app/tree/safe-join.ts"],
    tests: ["src/backup/collapse.test.ts", "src/app/tree/{collapse,safe-join}.test.ts"],
  },
  {
    name: "gate",
    files: ["src/app/gate-body.ts", "src/app/gate-decision.ts", "src/app/key-proof.ts"],
    tests: ["src/app/{gate-body,gate-decision,key-proof}.test.ts"],
  },
  { name: "references", files: ["src/restore/references.ts"], tests: ["src/restore/references.test.ts"] },
  {
    name: "trust",
    files: [
      "src/release/bundle.ts",
      "src/release/issue-text.ts",
      "src/release/key-rotation.ts",
      "src/release/manifest.ts",
      "src/release/public-key.ts",
      "src/release/signature.ts",
      "src/release/signature-form.ts",
      "src/release/strict-json.ts",
      "src/release/trust.ts",
    ],
    tests: ["src/release/{attacks,key-rotation,manifest,public-key,signature,strict-json,trust}.test.ts"],
  },
  {
    name: "versions",
    files: ["src/release/channel.ts", "src/release/hops.ts", "src/release/tag-selection.ts", "src/release/version.ts"],
    tests: ["src/release/{hops,tag-selection,trust,version}.test.ts"],
  },
  {
    name: "posture",
    files: [
      "src/posture/posture.ts",
      "src/posture/proven.ts",
      "src/posture/coverage.ts",
      "src/posture/unheld.ts",
      "src/posture/trend.ts",
      "src/posture/reconcile.ts",
      "src/posture/telling.ts",
      "src/posture/receivers.ts",
    ],
    tests: ["src/posture/{posture,proven,unheld,alarms,alarms.property,telling,trend,receivers}.test.ts"],
  },
  {
    name: "alarms",
    files: [
      "src/posture/alarms.ts",
      "src/posture/schedule-alarms.ts",
      "src/posture/app-alarms.ts",
      "src/posture/vault-alarms.ts",
      "src/posture/host-alarms.ts",
    ],
    tests: ["src/posture/{posture,proven,unheld,alarms,alarms.property,update-alarms}.test.ts"],
  },
  { name: "addresses", files: ["src/settings/addresses.ts"], tests: ["src/settings/addresses.test.ts"] },
  { name: "proxy", files: ["src/socket-proxy/**/*.ts"], tests: ["src/socket-proxy/*.test.ts"] },
]

/** The groups that are meant: `--group gate,proxy`, or all. Throws for a name that is none. */
export function chosenGroups(words: readonly string[]): readonly MutationGroup[] {
  const at = words.indexOf("--group")
  if (at === -1) return mutationGroups
  return (words[at + 1] ?? "").split(",").map((name) => {
    const group = mutationGroups.find((one) => one.name === name)
    if (group === undefined) throw new Error(`--group ${name}: there is ${mutationGroups.map((one) => one.name).join(", ")}`)
    return group
  })
}
