// The report must stay small, because one is kept for each run: fails above 300 kB.
import { statSync } from "node:fs";

const LIMIT = 300_000;
const { size } = statSync(new URL("../dist/report.html", import.meta.url));
console.log(`report.html: ${size} bytes of ${LIMIT}`);
if (size > LIMIT) {
  console.error("the report is too heavy: look at what src/report imports");
  process.exit(1);
}
