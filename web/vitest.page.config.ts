// The tests in a browser live beside the other tests of the whole (tests/page); their packages are here.

import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const packages = fileURLToPath(new URL("node_modules", import.meta.url));

export default defineConfig({
  root: fileURLToPath(new URL("../tests/page", import.meta.url)),
  cacheDir: `${packages}/.vitest`,
  resolve: { alias: { "playwright-core": `${packages}/playwright-core` } },
  test: {
    include: ["**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
