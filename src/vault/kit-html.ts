import type { Kit, KitVault } from "./kit.ts"
import { rebuildCommands, resticCommands } from "./kit-commands.ts"

const STYLE = `body{font:11pt/1.45 Georgia,serif;max-width:46em;margin:2em auto;padding:0 1em;color:#111}
h1{font-size:1.6em}h2{margin-top:1.6em;border-bottom:1px solid #999}
pre{font:9.5pt/1.4 monospace;background:#f4f4f4;border:1px solid #ccc;padding:.6em;white-space:pre-wrap;overflow-wrap:anywhere}
dt{font-weight:bold}dd{margin:0 0 .5em 1em;overflow-wrap:anywhere;font-family:monospace}
@media print{body{margin:0;max-width:none}h2,pre{break-inside:avoid}}`

/** One page to print: no script, nothing loaded from elsewhere, every value escaped. */
export function renderKitHtml(kit: Kit): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Recovery kit of ${escape(kit.host)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Recovery kit of ${escape(kit.host)}</h1>
<p>Made on ${escape(kit.createdAt)} by Holdfast ${escape(kit.holdfastVersion)}. Whoever holds this page can read every backup. Without it, nobody can: keep it
away from the machine it protects.</p>
<p>Apps: ${escape(kit.apps.join(", ") || "none")}</p>
${kit.vaults.map((vault) => vaultSection(kit, vault)).join("\n")}
${kit.files.map((file) => `<h2>File ${escape(file.path)}</h2>\n<pre>${escape(file.content)}</pre>`).join("\n")}
${kit.settings === null ? "" : `<h2>Settings (holdfast.yaml)</h2>\n<pre>${escape(kit.settings)}</pre>`}
</body>
</html>
`
}

function vaultSection(kit: Kit, vault: KitVault): string {
  return `<h2>Vault ${escape(vault.name)}</h2>
<dl>
<dt>Address</dt><dd>${escape(vault.url)}</dd>
<dt>Key</dt><dd>${escape(vault.key)}</dd>
<dt>Id</dt><dd>${escape(vault.vaultId)}</dd>
</dl>
<p>Everything back on an empty host, with Holdfast (write the key into ${escape(`${vault.name}.key`)} first):</p>
<pre>${escape(rebuildCommands(kit, vault).join("\n"))}</pre>
<p>Without Holdfast, with restic 0.17 or newer:</p>
<pre>${escape(resticCommands(kit, vault).join("\n"))}</pre>`
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" }

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
}
