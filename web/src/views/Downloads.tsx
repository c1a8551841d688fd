// What can be taken away from a run.

import type { Additions, Config } from "../api/types.ts";

interface Item {
  href: string;
  title: string;
  text: string;
}

export function Downloads(props: { config: Config | null; theme: "light" | "dark"; additions: Additions }) {
  const { config, theme, additions } = props;
  const reports: Item[] = [
    { href: `stats/report?theme=${theme}`, title: "Report", text: "one page, opens here" },
    { href: `stats/report?download=1&theme=${theme}`, title: "Report as a file", text: "HTML that needs no network" },
    { href: "stats/report?format=md&download=1", title: "Report in Markdown", text: "for a ticket or a chat" },
    { href: "stats/report?format=json&download=1", title: "Report in JSON", text: "for programs" },
  ];
  const tables: Item[] = [
    { href: "stats/requests/csv", title: "Statistics", text: "one row a name" },
    { href: "stats/failures/csv", title: "Failures", text: "one row a name and error" },
    { href: "exceptions/csv", title: "Exceptions", text: "one row an exception" },
    ...(config?.csv_history_enabled
      ? [{ href: "stats/requests_full_history/csv", title: "Full history", text: "one row a name and second" }]
      : []),
    ...(additions.extended_csv_files ?? []).map(({ href, title }) => ({ href, title, text: "from the locustfile" })),
  ];
  const programs: Item[] = [
    { href: "api/v1/openapi.json", title: "Description of the API", text: "OpenAPI" },
    { href: "api/v1/stats", title: "Statistics as JSON", text: "as they are now" },
    { href: "api/v1/history", title: "History as JSON", text: "by the second" },
  ];
  return (
    <section aria-label="Downloads" className="columns">
      <List title="Reports" items={reports} />
      <List title="Tables (CSV)" items={tables} />
      <List title="For programs" items={programs} />
    </section>
  );
}

function List({ title, items }: { title: string; items: Item[] }) {
  return (
    <div className="panel">
      <h3>{title}</h3>
      <ul className="links">
        {items.filter(({ href }) => isAddress(href)).map((item) => (
          <li key={item.href}>
            <a href={item.href}>{item.title}</a>
            <small className="muted">{item.text}</small>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Whether following it can only fetch something: additions come from code that may have been careless. */
export function isAddress(href: string): boolean {
  return !/^\s*[a-z][a-z0-9+.-]*:/i.test(href) || /^https?:/i.test(href);
}
