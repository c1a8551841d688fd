import { createRoot } from "react-dom/client";
import "uplot/dist/uPlot.min.css";
import "../style/page.css";
import { embedded } from "../data.ts";
import { chosen, show } from "../parts/theme.ts";
import type { ReportData } from "./data.ts";
import { ComparisonReport, Report } from "./Report.tsx";

const data = embedded<ReportData>();
if (data.theme !== undefined) document.documentElement.dataset.choice ??= data.theme;
show(chosen());
const root = createRoot(document.getElementById("root") as HTMLElement);
if (data.run === undefined && data.comparison != null) {
  document.title = `${data.comparison.after} held against ${data.comparison.before}`;
  root.render(<ComparisonReport comparison={data.comparison} />);
} else if (data.run === undefined || data.stats === undefined) {
  root.render(<p className="empty">This is the empty form of a report: katydid puts a run into it.</p>);
} else {
  document.title = `${data.title ?? "Report"} · ${data.run.host ?? "katydid"}`;
  root.render(<Report data={data as ReportData} />);
}
