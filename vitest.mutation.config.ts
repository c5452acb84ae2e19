import { defineConfig } from "vitest/config"

/** Mutation testing runs the tests beside the mutated files alone: each mutant must be noticed where the decision is made, within seconds. */
export default defineConfig({
  test: {
    include: [
      "src/retention/*.test.ts",
      "src/recovery-point/{facts,chain}.test.ts",
      "src/backup/collapse.test.ts",
      "src/app/tree/{collapse,safe-join}.test.ts",
      "src/app/{gate-body,key-proof}.test.ts",
      "src/restore/references.test.ts",
      "src/release/*.test.ts",
      "src/posture/{posture,proven,alarms,alarms.property,telling,trend,receivers}.test.ts",
      "src/settings/addresses.test.ts",
      "src/socket-proxy/*.test.ts",
      // What a vault really holds is asked of a real vault.
      "test/contract/vault-chain.test.ts",
    ],
    environment: "node",
    testTimeout: 60_000,
  },
})
