import { availableParallelism } from "node:os"
import { configDefaults, defineConfig } from "vitest/config"

const MINUTE_MS = 60_000
const full = process.env["HOLDFAST_TEST_FULL"] === "1"
const cores = availableParallelism()

interface Suite {
  readonly name: string
  readonly include: string[]
  readonly exclude?: string[]
  /** Suites run one after the other in this order, so that a slip in a rule shows before a story of minutes begins. */
  readonly order: number
  readonly workers: number
  readonly testTimeout: number
}

/** Stories and kill tests work in directories and projects of their own, so a few files go side by side; much of their time is waiting for tools. */
const suites: readonly Suite[] = [
  {
    name: "unit",
    include: ["src/**/*.test.ts", "scripts/**/*.test.ts", "recipes/**/*.test.ts", "web/src/**/*.test.ts"],
    order: 0,
    workers: cores,
    testTimeout: MINUTE_MS / 2,
  },
  {
    name: "contract",
    include: ["test/contract/**/*.test.ts", "test/fixture/**/*.test.ts"],
    order: 1,
    workers: Math.max(2, cores / 2),
    testTimeout: 4 * MINUTE_MS,
  },
  {
    name: "scenario",
    include: ["test/scenario/**/*.test.ts"],
    order: 2,
    workers: Math.max(2, cores / 2),
    testTimeout: (full ? 45 : 12) * MINUTE_MS,
  },
  {
    name: "crash",
    include: ["test/crash/**/*.test.ts"],
    exclude: ["test/crash/update*.test.ts"],
    order: 3,
    workers: Math.max(2, cores / 2),
    testTimeout: (full ? 90 : 12) * MINUTE_MS,
  },
  {
    name: "update-crash",
    include: ["test/crash/update*.test.ts"],
    order: 4,
    workers: Math.max(2, cores / 2),
    testTimeout: (full ? 90 : 30) * MINUTE_MS,
  },
]

/** In the full run alone: what takes long. Each file of a kill matrix is run and put into the evidence by itself. */
const onlyInFull = [
  "test/crash/update-*postgres.test.ts",
  "test/crash/update.test.ts",
  "test/crash/update-rolled-back.test.ts",
  "test/crash/update-engine-trouble.test.ts",
  "test/crash/update-trouble.test.ts",
  "test/scenario/update-failures.test.ts",
  // Red once beside other suites, probably because another engine's server answered under the address of its container, which cannot be any more.
  "test/scenario/update-own-engine.test.ts",
]

export default defineConfig({
  test: {
    projects: suites.map((suite) => ({
      test: {
        name: suite.name,
        include: suite.include,
        exclude: [...configDefaults.exclude, ...(suite.exclude ?? []), ...(full ? [] : onlyInFull)],
        environment: "node",
        pool: "forks",
        maxWorkers: suite.workers,
        testTimeout: suite.testTimeout,
        hookTimeout: Math.max(3 * MINUTE_MS, suite.testTimeout),
        teardownTimeout: MINUTE_MS,
        sequence: { groupOrder: suite.order },
        restoreMocks: true,
      },
    })),
  },
})
