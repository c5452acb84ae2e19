import type { ApiDescription, OperationDescription } from "../openapi.ts"

/** The description as one page without scripts: what it says is text. */
export function renderDocs(api: ApiDescription): string {
  const all = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => ({ path, method: method.toUpperCase(), one })),
  )
  const list = all.map(({ path, method }) => `<li><a href="#${idOf(method, path)}"><b>${method}</b> ${escaped(path)}</a></li>`).join("\n")
  const sections = all.map(({ path, method, one }) => section(path, method, one)).join("\n")
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>API of Holdfast ${escaped(api.info.version)}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .25rem; border-top: 1px solid #8886; padding-top: 1rem; overflow-wrap: anywhere; }
pre { overflow: auto; padding: .75rem; border: 1px solid #8886; border-radius: .4rem; font-size: .8rem; }
ul { padding-left: 1.2rem; } li { overflow-wrap: anywhere; }
</style></head><body>
<h1>API of Holdfast ${escaped(api.info.version)}</h1>
<p>${escaped(api.info.description)}</p>
<p><a href="/api/v1/openapi.json">The same as OpenAPI 3.1</a></p>
<nav aria-label="Routes"><ul>
${list}
</ul></nav>
<main>
${sections}
</main></body></html>
`
}

function section(path: string, method: string, one: OperationDescription): string {
  const parameters = one.parameters
    .map((parameter) => `<li><code>${escaped(parameter.name)}</code> in the ${parameter.in}${parameter.required ? "" : ", optional"}</li>`)
    .join("")
  return `<h2 id="${idOf(method, path)}">${method} ${escaped(path)}</h2>
<p>${escaped(one.summary)} <em>${escaped(one.description)}</em></p>
${parameters === "" ? "" : `<ul>${parameters}</ul>`}
${one.requestBody === undefined ? "" : details("Body", one.requestBody)}
${details("Answers", one.responses)}`
}

function details(title: string, value: unknown): string {
  return `<details><summary>${title}</summary><pre>${escaped(JSON.stringify(value, null, 2))}</pre></details>`
}

function idOf(method: string, path: string): string {
  return `${method}${path}`.replaceAll(/[^a-zA-Z0-9]+/g, "-").toLowerCase()
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")
}
