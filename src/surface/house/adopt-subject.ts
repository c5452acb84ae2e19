import type { AdoptSubject, AdoptTools } from "../../adopt/ports.ts"
import type { House } from "./house.ts"
import { openSubject, verbTools, type Selection, type Subject } from "./subject.ts"

/** What adopting and its settling stand on. */
export async function adoptTools(house: House): Promise<AdoptTools> {
  const [tools, releases] = await Promise.all([verbTools(house), house.use.releases()])
  return { ...tools, releases }
}

/** The app with the vault that its point goes into. */
export async function openAdoption(house: House, selection: Selection): Promise<Subject & AdoptSubject> {
  return await openSubject(house, selection, { create: true })
}
