import { join } from "node:path"
import { expect, it } from "vitest"
import { exampleApp } from "../../test/fixture/example-updates.ts"
import type { ComposeService } from "./ports.ts"
import { loadRecipes } from "./load-recipes.ts"
import { isPartOf, servicesOfUpdater } from "./updater-services.ts"

const service = (name: string, labels: ComposeService["labels"] = {}) => ({ name, labels })

it("services that look after updates are those that the recipe knows and the project has, and Holdfast's own by its label", () => {
  const services = [service("web"), service("chatalot-updater"), service("helper", { "holdfast.service": "updater" })]
  const recipe = loadRecipes(join(import.meta.dirname, "../../recipes"))["chatalot"] ?? null
  expect(recipe?.managedUpdates?.proxy.service).toBe("chatalot-socket-proxy")

  expect(servicesOfUpdater({ ...exampleApp, recipe }, services)).toEqual(["chatalot-updater", "helper"])
  expect(servicesOfUpdater({ ...exampleApp, recipe: null }, services)).toEqual(["helper"])
})

it("our container is part of the project that made it, unless it looks after that project's updates", () => {
  const own = (labels: Readonly<Record<string, string>>) => ({ id: "1", projectName: "chat", labels })

  expect(isPartOf(own({}), "chat")).toBe(true)
  expect(isPartOf(own({}), "notes")).toBe(false)
  expect(isPartOf(own({ "holdfast.service": "updater" }), "chat")).toBe(false)
  expect(isPartOf(null, "chat")).toBe(false)
})
