export interface Series {
  name: string;
  points: readonly (readonly [x: number, y: number])[];
}

/** How a figure grows with its work; both axes are logarithmic, so that what is in proportion is a straight line. */
export interface Chart {
  /** File name without its ending. */
  name: string;
  title: string;
  x: string;
  y: string;
  series: readonly Series[];
  /** Where the line bends, and why. */
  bend: string;
}

const WIDTH = 640;
const HEIGHT = 360;
const LEFT = 70;
const RIGHT = 20;
const TOP = 40;
const BOTTOM = 78;
const COLOURS = ['#c2410c', '#475569', '#2563eb', '#16a34a', '#9333ea'];

export function toSvg({ title, x, y, series }: Chart): string {
  const points = series.flatMap((one) => one.points).filter(([px, py]) => px > 0 && py > 0);
  const xs = scale(
    points.map(([px]) => px),
    LEFT,
    WIDTH - RIGHT,
  );
  const ys = scale(
    points.map(([, py]) => py),
    HEIGHT - BOTTOM,
    TOP,
  );
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="22" font-size="14" font-weight="bold" fill="#0f172a">${escaped(title)}</text>`,
    ...xs.ticks.map(
      (tick) =>
        line(xs.at(tick), TOP, xs.at(tick), HEIGHT - BOTTOM) +
        label(xs.at(tick), HEIGHT - BOTTOM + 16, short(tick), 'middle'),
    ),
    ...ys.ticks.map(
      (tick) =>
        line(LEFT, ys.at(tick), WIDTH - RIGHT, ys.at(tick)) + label(LEFT - 6, ys.at(tick) + 4, short(tick), 'end'),
    ),
    label((LEFT + WIDTH - RIGHT) / 2, HEIGHT - BOTTOM + 34, x, 'middle'),
    `<text transform="translate(16 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle" fill="#334155">${escaped(y)}</text>`,
    ...series.flatMap((one, index) => drawn(one, COLOURS[index % COLOURS.length] ?? '#000', index, xs.at, ys.at)),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function drawn(series: Series, colour: string, index: number, x: Position, y: Position): string[] {
  const visible = series.points.filter(([px, py]) => px > 0 && py > 0);
  const path = visible.map(([px, py]) => `${x(px).toFixed(1)},${y(py).toFixed(1)}`).join(' ');
  const legendX = LEFT + index * 150;
  return [
    `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...visible.map(
      ([px, py]) => `<circle cx="${x(px).toFixed(1)}" cy="${y(py).toFixed(1)}" r="3.5" fill="${colour}"/>`,
    ),
    ...visible.map(([px, py]) => label(x(px), y(py) - 8, short(py), 'middle', colour)),
    `<circle cx="${legendX}" cy="${HEIGHT - 16}" r="4" fill="${colour}"/>`,
    label(legendX + 9, HEIGHT - 12, series.name, 'start'),
  ];
}

type Position = (value: number) => number;

function scale(values: readonly number[], from: number, to: number): { at: Position; ticks: number[] } {
  const low = Math.floor(Math.log10(Math.min(...values)) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9));
  const at: Position = (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from);
  return { at, ticks: Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)) };
}

function line(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="#e2e8f0"/>`;
}

function label(x: number, y: number, text: string, anchor: 'start' | 'middle' | 'end', colour = '#334155'): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${colour}" font-size="11">${escaped(text)}</text>`;
}

function short(value: number): string {
  if (value >= 1e6) return `${trimmed(value / 1e6)} M`;
  if (value >= 1e3) return `${trimmed(value / 1e3)} k`;
  return trimmed(value);
}

function trimmed(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
