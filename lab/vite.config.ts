/** Builds the lab, a static site, into dist/lab; `npm run build:lab`. */
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

/** What makes shared memory available; a static host that does not send these runs the lab on one thread. */
const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** What each setting is for is told by the command line and the docs; the page shows none of it and need not load it. */
const withoutDescriptions = (): Plugin => ({
  name: "without-descriptions",
  transform: {
    filter: { id: /src\/training\/settings\/\w+\.ts$/ },
    handler: (code) => code.replace(/\bsays:\s*"(?:[^"\\]|\\.)*"/g, 'says: ""'),
  },
});

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  // Relative, so that the site works in any folder of a host.
  base: "./",
  plugins: [withoutDescriptions()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  resolve: {
    alias: [
      // As a file of its own, which is a third smaller on its way than as text.
      {
        find: /^\.\/wasm\.generated\.ts$/,
        replacement: fileURLToPath(new URL("src/worker/kernels.ts", import.meta.url)),
      },
    ],
  },
  // Notes for bundlers, a hundred and seventy of them, say nothing to a browser.
  worker: {
    format: "es",
    plugins: () => [withoutDescriptions()],
    rolldownOptions: { output: { comments: { annotation: false } } },
  },
  server: { headers: isolation },
  preview: { headers: isolation },
  build: {
    outDir: fileURLToPath(new URL("../dist/lab", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
    // Inlined files would be data: URLs, which the content security policy does not let in.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
