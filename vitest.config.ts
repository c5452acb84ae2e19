import { availableParallelism } from "node:os"
import { configDefaults, defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

const MINUTE_MS = 60_000
const full = process.env["HOLDFAST_TEST_FULL"] === "1"
const cores = availableParallelism()

interface Suite {
  readonly name: string
  readonly include: string[]
  readonly exclude?: string[]
  /** 0 runs before everything else, so that a slip in a rule shows before a story of minutes begins. */
  readonly order: 0 | 1
  readonly workers: number
  readonly testTimeout: number
}

/** Stories and kill tests work in directories and projects of their own, so a few files go side by side; much of their time is waiting for tools. */
const waiting = full ? Math.max(2, Math.floor(cores / 2)) : Math.max(3, cores)

/** The longest files first, so that the short ones fill what is left at the end. */
const suites: readonly Suite[] = [
  {
    name: "unit",
    include: ["src/**/*.test.ts", "scripts/**/*.test.ts", "recipes/**/*.test.ts", "web/src/**/*.test.ts"],
    order: 0,
    workers: cores,
    testTimeout: MINUTE_MS / 2,
  },
  {
    name: "update-crash",
    include: ["test/crash/update*.test.ts"],
    order: 1,
    workers: waiting,
    testTimeout: (full ? 90 : 30) * MINUTE_MS,
  },
  {
    name: "crash",
    include: ["test/crash/**/*.test.ts"],
    exclude: ["test/crash/update*.test.ts"],
    order: 1,
    workers: waiting,
    testTimeout: (full ? 90 : 12) * MINUTE_MS,
  },
  {
    name: "scenario",
    include: ["test/scenario/**/*.test.ts"],
    order: 1,
    workers: waiting,
    testTimeout: (full ? 45 : 12) * MINUTE_MS,
  },
  {
    name: "contract",
    include: ["test/contract/**/*.test.ts", "test/fixture/**/*.test.ts"],
    order: 1,
    workers: waiting,
    testTimeout: 4 * MINUTE_MS,
  },
]

class SuiteAfterSuite extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ project }: TestSpecification): number => suites.findIndex(({ name }) => name === project.name)
    // oxlint-disable-next-line unicorn/no-array-sort -- the sequencer's own method, which changes no array
    return (await super.sort(files)).toSorted((left, right) => place(left) - place(right))
  }
}

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
    sequence: { sequencer: SuiteAfterSuite },
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
