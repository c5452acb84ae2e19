/** Which room may know which (design §3). Every rule says why; scripts/house/arrows.test.ts plants a violation of each and sees it refused. */

/** Rooms from the bottom up. A room may import the rooms that it lists, itself, and nothing else of ours. */
const below = {
  base: [],
  contract: ["base"],
  retention: ["base", "app"],
  schedule: ["base"],
  release: ["base"],
  "socket-proxy": ["base", "release"],
  app: ["base"],
  settings: ["base", "app", "vault", "retention", "schedule"],
  vault: ["base", "app"],
  operation: ["base", "settings"],
  "recovery-point": ["base", "app", "vault", "settings", "operation"],
  posture: ["base", "app", "settings", "vault", "recovery-point", "retention", "operation"],
}
const nouns = Object.keys(below)

/** Verbs know every noun, and of each other only what is listed. */
const verbs = {
  backup: [],
  verify: [],
  restore: ["backup", "verify"],
  drill: ["restore", "verify"],
  copy: ["verify"],
  expire: [],
  exchange: ["backup", "restore"],
  doctor: ["expire"],
  demo: ["backup", "restore", "verify", "drill"],
  publish: [],
  update: ["backup", "restore", "drill", "verify"],
  adopt: ["backup", "verify", "restore", "update"],
}

const reasons = {
  base: "the ground floor knows nothing of what stands on it",
  contract: "what crosses the wire is read by the panel too, so it stands on the base alone",
  retention: "retention decides from facts, policy and now; knowing more than the policy's shape would make it impure",
  schedule: "schedules decide from a table and an instant; knowing more would make them impure",
  release: "trust in a release must not depend on what is done with it",
  "socket-proxy": "what may be asked of the engine is decided from the request and what was found, so that every decision can be tested without an engine",
  app: "the app is described without knowing what will be done to it",
  settings: "settings are parsed once and know the nouns that they describe, never a verb",
  vault: "a vault keeps what it is given; it does not know why",
  "recovery-point": "a point is the same whoever makes or reads it",
  operation: "running and settling operations is the same for each kind; the verbs hand in what differs",
  posture: "posture reads evidence; it never makes any",
}

const any = (names) => names.join("|")
const isTest = "\\.test\\.ts$"
const drawer = "/(utils?|helpers?|common|lib|core|manager)[./]"

const roomRule = (name, allowed, comment) => ({
  name: `room-${name}`,
  severity: "error",
  comment,
  from: { path: `^src/${name}/`, pathNot: isTest },
  to: { path: "^src/", pathNot: `^src/(${any([name, ...allowed])})/` },
})

/** Parts of an update from the bottom up: trees on disk, how a version is put in place, where releases are found, trying one on a copy, the plan. */
const updateParts = ["tree", "place", "find", "rehearse", "plan"]

const updatePartRule = (name, index) => ({
  name: `update-${name}`,
  severity: "error",
  comment: "the parts of an update are read from the bottom up; one that needs what stands above it holds something of that part",
  from: { path: `^src/update/${name}/`, pathNot: isTest },
  to: { path: `^src/update/(${any(updateParts.slice(index + 1))})/` },
})

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    {
      name: "no-circles",
      severity: "error",
      comment: "files that need each other are one idea cut in two, and cannot be read from the bottom up",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-drawers",
      severity: "error",
      comment: "a folder or file is named for what it does; in a drawer the most important code gets lost",
      from: {},
      to: { path: drawer, pathNot: "node_modules" },
    },
    {
      name: "no-drawer-imports",
      severity: "error",
      comment: "a folder or file is named for what it does; in a drawer the most important code gets lost",
      from: { path: drawer, pathNot: "node_modules" },
      to: {},
    },
    ...nouns.map((name) => roomRule(name, below[name], reasons[name])),
    ...Object.entries(verbs).map(([name, allowed]) =>
      roomRule(
        name,
        [...nouns, ...allowed],
        `${name} builds on the nouns${allowed.length === 0 ? "" : ` and on ${allowed.join(", ")}`}; tools come in through ports, handed over by main.ts`,
      ),
    ),
    ...updateParts.slice(0, -1).map(updatePartRule),
    roomRule(
      "surface",
      [...nouns, ...Object.keys(verbs)],
      "a surface only asks verbs and renders what they say; it never reaches for a tool behind their back",
    ),
    {
      name: "surfaces-stand-on-the-house",
      severity: "error",
      comment: "what two surfaces share is in surface/house; a surface that borrows from another cannot be used alone",
      from: { path: "^src/surface/(house|service|http)/", pathNot: isTest },
      to: { path: "^src/surface/cli/" },
    },
    {
      name: "house-knows-no-surface",
      severity: "error",
      comment: "the house is what surfaces have in common, so it knows none of them",
      from: { path: "^src/surface/house/", pathNot: isTest },
      to: { path: "^src/surface/(service|http|cli)/" },
    },
    {
      name: "service-needs-no-http",
      severity: "error",
      comment: "`run-due` from a timer does all that the service does, without a listening port",
      from: { path: "^src/surface/service/", pathNot: isTest },
      to: { path: "^src/surface/http/" },
    },
    {
      name: "proxy-stands-alone",
      severity: "error",
      comment: "whoever guards the engine's socket holds no keys, no settings and no vault: what it does not know cannot be taken from it",
      from: { path: "^src/surface/proxy/", pathNot: isTest },
      to: { path: "^src/", pathNot: "^src/(base|socket-proxy|surface/proxy)/" },
    },
    {
      name: "tools-stand-alone",
      severity: "error",
      comment:
        "a tool is a client of one outside program; it uses the base and the process room and implements ports, so that it can be replaced",
      from: { path: "^src/tool/([^/]+)/", pathNot: isTest },
      to: { path: "^src/", pathNot: `^src/(base|tool/process|tool/$1|${any(nouns)})/` },
    },
    {
      name: "engines-stand-alone",
      severity: "error",
      comment: "adding an engine is filling in one folder; an engine that leans on another cannot be removed",
      from: { path: "^src/tool/engine/([^/]+)/", pathNot: isTest },
      to: { path: "^src/tool/engine/", pathNot: "^src/tool/engine/$1/" },
    },
    {
      name: "tools-know-ports-by-type",
      severity: "error",
      comment: "a tool implements ports and parses with schemas; calling a noun's logic would turn the arrow round",
      from: { path: "^src/tool/", pathNot: isTest },
      to: {
        path: `^src/(${any(nouns)})/`,
        pathNot: "^src/base/|/(ports|manifest|recipe|app|schema|[a-z-]*-schema)\\.ts$",
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "only-main-introduces-tools",
      severity: "error",
      comment: "main.ts is the composition root: whoever else imports a tool can no longer be given another one",
      from: { path: "^src/", pathNot: `^src/(main\\.ts$|tool/)|${isTest}` },
      to: { path: "^src/tool/" },
    },
    {
      name: "nobody-imports-main",
      severity: "error",
      comment: "main.ts reads the environment and ends the process; only the launcher runs it",
      from: { path: "^src/" },
      to: { path: "^src/main\\.ts$" },
    },
    {
      name: "children-only-in-process-room",
      severity: "error",
      comment: "one room starts child processes: argv arrays, a closed environment, bounded output, the whole group ended with us",
      from: { path: "^src/", pathNot: `^src/tool/process/|${isTest}` },
      to: { path: "^(node:)?(child_process|cluster)$" },
    },
    {
      name: "sample-app-is-an-application",
      severity: "error",
      comment: "the demo's sample app stands for somebody else's program: it knows nothing of Holdfast, and Holdfast only runs it",
      from: { path: "^demo/" },
      to: { path: "^(src|test|scripts)/" },
    },
    {
      name: "nobody-imports-the-sample-app",
      severity: "error",
      comment: "the demo's sample app stands for somebody else's program: it knows nothing of Holdfast, and Holdfast only runs it",
      from: { path: "^src/" },
      to: { path: "^demo/" },
    },
    {
      name: "no-tests-in-the-product",
      severity: "error",
      comment: "what ships must run without the test tree",
      from: { path: "^src/", pathNot: isTest },
      to: { path: "^(test|scripts)/|\\.test\\.ts$" },
    },
    {
      name: "web-knows-contract-alone",
      severity: "error",
      comment: "the panel is built against the wire and nothing behind it",
      from: { path: "^web/" },
      to: { path: "^src/", pathNot: "^src/contract/" },
    },
    {
      name: "no-undeclared-packages",
      severity: "error",
      comment: "a package that is not in package.json is there by luck",
      from: { path: "^(src|test|scripts|web)/" },
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown"] },
    },
    {
      name: "no-dev-packages-in-the-product",
      severity: "error",
      comment: "what ships is installed without development dependencies",
      from: { path: "^src/", pathNot: isTest },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "no-unresolvable",
      severity: "error",
      comment: "an import that leads nowhere fails at run time",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
      extensions: [".ts", ".tsx", ".mjs", ".js"],
    },
  },
}
