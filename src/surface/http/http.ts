/** The HTTP surface: what the service serves to people and programs, who may ask for it, and where it listens (design §11). */
import { readFile } from "node:fs/promises"
import { createServer as createPlainServer } from "node:http"
import { createServer as createTlsServer } from "node:https"
import { join, resolve } from "node:path"
import { createSecureContext } from "node:tls"
import { createAdaptorServer, type Http2Bindings, type HttpBindings } from "@hono/node-server"
import { HoldfastError, messageOf } from "../../base/errors.ts"
import type { Settings } from "../../settings/settings.ts"
import type { House } from "../house/house.ts"
import type { UpdateWork } from "../house/update-work.ts"
import type { Runner } from "../service/runner.ts"
import { openAccounts, type Accounts } from "./account/account.ts"
import { createApplication } from "./application.ts"
import type { Ground } from "./ground.ts"
import { namesOf, placeOf, type PanelSettings, type Place } from "./guard/address.ts"
import { createInTurn } from "./in-turn.ts"
import { createLiveEvents } from "./live-events.ts"
import { createPlans } from "./plans.ts"
import { allRoutes } from "./routes.ts"
import { DOOR_VARIABLE, openUpdaterDoor } from "./updater/updater-door.ts"

export interface ListenOptions {
  /** Instead of `panel` of the settings. */
  readonly panel?: PanelSettings
  /** Why the settings file cannot be used just now; null when it can. */
  readonly settingsProblem?: () => string | null
  /** Reads the settings file each time, which `house` need not: what is measured tells whether it can be used. */
  readonly rawHouse?: House
  /** Of the built panel; default: `web/dist` beside the program. */
  readonly panelDirectory?: string
  /** How updates are done; another way in tests of the doors before it. */
  readonly updates?: () => Promise<UpdateWork>
}

export interface Listening {
  /** Where the panel is reached from this machine. */
  readonly url: string
  /** Makes the first account; null when there is one. It is in `first-run-token` in the state directory as well. */
  readonly firstRunToken: string | null
  /** Ends every connection and gives back what was opened. */
  close(): Promise<void>
}

const USUAL: PanelSettings = { listen: "127.0.0.1:8420", trustedProxies: [] }

/** A whole request must have come by then; what is answered may take longer. */
const REQUEST_LIMIT_MS = 60_000
const HEADERS_LIMIT_MS = 15_000

/**
 * Serves the API and the panel. Throws LISTEN_REFUSED for an address that others can reach without TLS or a named proxy, and for one that
 * cannot be had; SETTINGS_INVALID for what is no address.
 */
export async function listen(given: House, runner: Runner, options: ListenOptions = {}): Promise<Listening> {
  const house = withRecipesOnce(given)
  const settings = await house.settings()
  const place = placeOf(options.panel ?? settings.panel ?? USUAL)
  let fetch: Handler = () => new Response("not yet\n", { status: 503 })
  const server = createAdaptorServer({
    fetch: async (request, env) => await fetch(request, env),
    ...(await serverOptions(place, settings)),
  })
  const port = await bind(server, place)
  const names = namesOf(place, port)
  const [origin = "", ...otherOrigins] = names.origins
  const accounts = await openAccounts(house, { origin, otherOrigins })
  const ground = groundOf(house, runner, accounts, origin, options)
  const panelDirectory = options.panelDirectory ?? join(house.programDirectory, "web", "dist")
  const secure = origin.startsWith("https:")
  const application = createApplication(ground, allRoutes(panelDirectory), { place, secure, ...names })
  fetch = application.fetch
  const door = house.environment[DOOR_VARIABLE]
  const updaterDoor = door === undefined || door === "" ? null : await openUpdaterDoor(door, application.fetch)
  return {
    url: names.origins.at(place.baseUrl === null ? 0 : 1) ?? origin,
    firstRunToken: accounts.users.isEmpty() ? await accounts.firstRun.token() : null,
    close: async () => {
      ground.live.close()
      const closed = new Promise<void>((done) => server.close(() => done()))
      if ("closeAllConnections" in server) server.closeAllConnections()
      await closed
      await updaterDoor?.close()
      accounts.close()
    },
  }
}

/** They are files of the program, which do not change while it runs. */
function withRecipesOnce(house: House): House {
  let recipes: ReturnType<House["recipes"]> | null = null
  return { ...house, recipes: async () => await (recipes ??= house.recipes()) }
}

type Handler = (request: Request, env: HttpBindings | Http2Bindings) => Response | Promise<Response>

function groundOf(house: House, runner: Runner, accounts: Accounts, origin: string, options: ListenOptions): Ground {
  return {
    house,
    runner,
    accounts,
    origin,
    updates: options.updates ?? (async () => (await import("../house/do-updates.ts")).doUpdates),
    plans: createPlans(house.clock),
    live: createLiveEvents(house),
    seenTexts: new Map(),
    inTurn: createInTurn(),
    settingsProblem: options.settingsProblem ?? (() => null),
    metrics: async () => (await import("./gather-metrics.ts")).metricsOf(options.rawHouse ?? house),
  }
}

async function serverOptions(place: Place, settings: Settings) {
  const limits = { requestTimeout: REQUEST_LIMIT_MS, headersTimeout: HEADERS_LIMIT_MS }
  if (place.tls === null) return { createServer: createPlainServer, serverOptions: limits }
  const { directory } = settings
  const [cert, key] = await Promise.all([read(resolve(directory, place.tls.certificate)), read(resolve(directory, place.tls.key))])
  refuseUnfit(cert, key, place.tls)
  return { createServer: createTlsServer, serverOptions: { ...limits, cert, key, minVersion: "TLSv1.2" as const } }
}

/** What is no certificate, no key, or the key of another certificate. */
function refuseUnfit(cert: Buffer, key: Buffer, files: NonNullable<Place["tls"]>): void {
  try {
    createSecureContext({ cert, key })
  } catch (thrown) {
    throw new HoldfastError("LISTEN_REFUSED", {
      what: `${files.certificate} and ${files.key} are not a certificate and its key`,
      why: messageOf(thrown),
      hint: "`panel.tls` takes two files in PEM; the certificate may be followed by those between it and its authority.",
    })
  }
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (thrown) {
    throw new HoldfastError("LISTEN_REFUSED", { what: `${file} cannot be read`, why: messageOf(thrown), hint: "Check `panel.tls`." })
  }
}

async function bind(server: ReturnType<typeof createAdaptorServer>, place: Place): Promise<number> {
  await new Promise<void>((done, failed) => {
    server.once("error", (thrown: Error) =>
      failed(
        new HoldfastError("LISTEN_REFUSED", {
          what: `the panel cannot listen on ${place.host}:${place.port}`,
          why: thrown.message,
          hint: "Set `panel.listen` to an address and a port that are free.",
        }),
      ),
    )
    server.listen(place.port, place.host, () => done())
  })
  const address = server.address()
  return typeof address === "object" && address !== null ? address.port : place.port
}
