import react from "@vitejs/plugin-react"
import { resolve } from "node:path"
import { defineConfig } from "vite"

/** Where `holdfast serve` listens unless it is told otherwise; only the development server asks. */
const SERVICE = "http://127.0.0.1:8420"

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  // The server puts a fresh nonce here for each page it hands out: the content security policy allows no other styles and scripts.
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    outDir: resolve(import.meta.dirname, "dist"),
    emptyOutDir: true,
    target: "es2023",
    // A data: address would need a hole in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 800,
  },
  server: { proxy: { "/api": SERVICE } },
})
