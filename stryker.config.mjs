/** Mutation testing of the modules that say yes or no: `npx stryker run`. More rooms are added as they settle. */
export default {
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner"],
  mutate: ["src/retention/**/*.ts", "!src/retention/**/*.test.ts"],
  coverageAnalysis: "perTest",
  reporters: ["clear-text", "progress"],
  clearTextReporter: { allowColor: false, logTests: false, skipFull: true },
  thresholds: { high: 100, low: 97, break: 95 },
  concurrency: 2,
  timeoutMS: 20_000,
  tempDirName: ".stryker-tmp",
  disableTypeChecks: false,
  checkers: [],
}
