import dashboard from "../../docs/monitoring/dashboard.json";

export interface Rule {
  alert: string;
  expr: string;
  annotations: Record<string, string>;
}

export const alertsFile = new URL("../../docs/monitoring/alerts.yml", import.meta.url).pathname;

const { groups } = Bun.YAML.parse(await Bun.file(alertsFile).text()) as { groups: { rules: Rule[] }[] };

export const alerts = groups.flatMap(({ rules }) => rules);

/** What each expression is about, itself, and how its values are named. */
export const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr, legendFormat }) => ({ title, expr, legend: legendFormat })),
);
