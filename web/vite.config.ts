// How are the documents built?
//
// `vite build` makes the page, the pages about stored runs and the sign-in form with their assets; `vite build --mode report` makes the report as one file,
// which may not refer to any other.

import react from "@vitejs/plugin-react";
import type { Plugin, UserConfig } from "vite";
import { defineConfig } from "vite";

const api = process.env.API ?? "http://127.0.0.1:8090";
const proxied = ["/api", "/stats", "/exceptions", "/tasks", "/logs", "/swarm", "/stop", "/user", "/login"];

/** Puts script and style of a build into its only document. */
function inline(): Plugin {
  return {
    name: "inline",
    enforce: "post",
    generateBundle(_options, bundle) {
      const page = Object.values(bundle).find((file) => file.fileName.endsWith(".html"));
      if (page?.type !== "asset") throw new Error("the build made no document to put things into");
      let html = String(page.source);
      for (const file of Object.values(bundle)) {
        if (file.type === "chunk") {
          const code = file.code.replaceAll("</script", "<\\/script");
          html = html.replace(tag("script", file.fileName), "");
          html = html.replace("</body>", () => `<script type="module">${code}</script>\n</body>`);
        } else if (file.fileName.endsWith(".css")) {
          html = html.replace(tag("link", file.fileName), () => `<style>${String(file.source)}</style>`);
        } else continue;
        delete bundle[file.fileName];
      }
      if (/<script[^>]+src=|<link[^>]+stylesheet/.test(html)) throw new Error("the report still refers to another file");
      page.source = html;
    },
  };
}

function tag(name: "script" | "link", file: string): RegExp {
  const escaped = file.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return name === "script"
    ? new RegExp(`<script[^>]*src="[^"]*${escaped}"[^>]*></script>`)
    : new RegExp(`<link[^>]*href="[^"]*${escaped}"[^>]*>`);
}

function page(): UserConfig {
  return {
    base: "./",
    plugins: [react()],
    server: { host: "127.0.0.1", proxy: Object.fromEntries(proxied.map((path) => [path, api])) },
    build: {
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rollupOptions: { input: ["index.html", "history.html", "auth.html"] },
    },
  };
}

function report(): UserConfig {
  return {
    base: "./",
    publicDir: false,
    // Preact is React's interface in a tenth of its size: what is kept for each run should be small.
    resolve: {
      alias: {
        "react/jsx-runtime": "preact/jsx-runtime",
        "react-dom/client": "preact/compat/client",
        "react-dom": "preact/compat",
        react: "preact/compat",
      },
    },
    plugins: [react(), inline()],
    build: {
      emptyOutDir: false,
      cssCodeSplit: false,
      modulePreload: { polyfill: false },
      rollupOptions: { input: "report.html" },
    },
  };
}

export default defineConfig(({ mode }) => (mode === "report" ? report() : page()));
