import { createRoot } from "react-dom/client";
import "uplot/dist/uPlot.min.css";
import "../style/page.css";
import { embedded } from "../data.ts";
import { chosen, show } from "../parts/theme.ts";
import { History } from "./History.tsx";

show(chosen());
const { has_run = false } = embedded<{ has_run: boolean }>();
createRoot(document.getElementById("root") as HTMLElement).render(<History hasRun={has_run} />);
