import { defineConfig } from "vitest/config"
import { mutationGroups } from "./scripts/test/mutation-groups.ts"

/** Mutation testing runs the tests of one group alone (scripts/test/mutation-groups.ts). */
const group = mutationGroups.find(({ name }) => name === process.env["HOLDFAST_MUTATION_GROUP"])
if (group === undefined) throw new Error(`HOLDFAST_MUTATION_GROUP: there is ${mutationGroups.map(({ name }) => name).join(", ")}`)

export default defineConfig({
  test: { include: [...group.tests], environment: "node", testTimeout: 60_000 },
})
