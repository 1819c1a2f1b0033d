/** One level of the scaling bench. */
export interface Level {
  readonly workers: number;
  /** Batches per second. */
  readonly measured: number;
  readonly ideal: number;
}

const WIDTH = 720;
const HEIGHT = 420;
const EDGE = { left: 64, right: 24, top: 44, bottom: 56 } as const;

/** Batches per second against workers, with the ideal as a line. Pure. @returns an SVG document */
export function scalingChart(levels: readonly Level[], title: string): string {
  const most = Math.max(...levels.flatMap(({ workers, ideal, measured }) => [workers, ideal, measured]));
  const x = (workers: number): number => EDGE.left + (workers / most) * (WIDTH - EDGE.left - EDGE.right);
  const y = (rate: number): number => HEIGHT - EDGE.bottom - (rate / most) * (HEIGHT - EDGE.top - EDGE.bottom);
  const at = (value: number): string => value.toFixed(1);
  const line = (of: (level: Level) => number): string =>
    levels.map((level) => `${at(x(level.workers))},${at(y(of(level)))}`).join(' ');
  const steps = levels.filter(({ workers }) => workers >= most / 12).map(({ workers }) => workers);
  const grid = steps.map(
    (step) =>
      `<line x1="${EDGE.left}" x2="${WIDTH - EDGE.right}" y1="${at(y(step))}" y2="${at(y(step))}" stroke="#ddd"/>` +
      `<text x="${EDGE.left - 8}" y="${at(y(step) + 4)}" text-anchor="end">${step}</text>` +
      `<text x="${at(x(step))}" y="${HEIGHT - EDGE.bottom + 20}" text-anchor="middle">${step}</text>`,
  );
  const dots = levels.map(
    ({ workers, measured }) => `<circle cx="${at(x(workers))}" cy="${at(y(measured))}" r="4" fill="#b3531d"/>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${EDGE.left}" y="24" font-size="15" font-weight="bold">${title}</text>`,
    ...grid,
    `<polyline points="${line(({ ideal }) => ideal)}" fill="none" stroke="#888" stroke-dasharray="6 4"/>`,
    `<polyline points="${line(({ measured }) => measured)}" fill="none" stroke="#b3531d" stroke-width="2"/>`,
    ...dots,
    `<text x="${WIDTH / 2}" y="${HEIGHT - 12}" text-anchor="middle">workers</text>`,
    `<text x="18" y="${HEIGHT / 2}" text-anchor="middle" transform="rotate(-90 18 ${HEIGHT / 2})">batches per second</text>`,
    `<text x="${WIDTH - EDGE.right}" y="${EDGE.top}" text-anchor="end" fill="#888">dashed: ideal</text>`,
    '</svg>',
    '',
  ].join('\n');
}

/** The table of docs/scaling.md. Pure. */
export function scalingTable(levels: readonly Level[]): string {
  const rows = levels.map(
    ({ workers, measured, ideal }) =>
      `| ${workers} | ${measured.toFixed(1)} | ${ideal.toFixed(1)} | ${(measured / ideal).toFixed(2)} |`,
  );
  return ['| workers | batches/s | ideal | efficiency |', '|---|---|---|---|', ...rows].join('\n');
}
