import { defineConfig } from "vitest/config"

/** Mutation testing runs unit tests alone: each mutant must be noticed where the decision is made, within seconds. */
export default defineConfig({
  test: {
    include: ["src/{retention,schedule,recovery-point,app,operation,posture,restore,expire}/**/*.test.ts"],
    environment: "node",
    testTimeout: 20_000,
  },
})
