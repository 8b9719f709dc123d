import type { UsageItem } from '@hearth/protocol';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { theme } from '../settings/theme.ts';
import { strings } from '../strings/strings.ts';
import { useKept } from '../use-kept.ts';

const HEIGHT_PX = 220;
const BAR_SHARE = 0.7;
const BAR_MAX_PX = 44;
const HALF_DAY_S = 43_200;

/** What each day cost, as bars. The numbers themselves stand in the table. */
export function DayChart({ days }: { days: readonly UsageItem[] }) {
  // Its colours are painted, so another theme is another chart.
  return <Chart key={useKept(theme)} days={days} />;
}

function Chart({ days }: { days: readonly UsageItem[] }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = place.current;
    if (box === null) return undefined;
    let chart = draw(box, days);
    const redraw = (): void => {
      chart.destroy();
      chart = draw(box, days);
    };
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', redraw);
    const sizes = new ResizeObserver(() => chart.setSize({ width: box.clientWidth, height: HEIGHT_PX }));
    sizes.observe(box);
    return () => {
      dark.removeEventListener('change', redraw);
      sizes.disconnect();
      chart.destroy();
    };
  }, [days]);
  return (
    <div className="rounded-xl border border-line bg-panel p-3 pb-1" dir="ltr">
      <div
        ref={place}
        role="img"
        aria-label={strings.usage.chart(days[0]?.key ?? '', days.at(-1)?.key ?? '')}
        style={{ height: HEIGHT_PX }}
      />
    </div>
  );
}

const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

/** With as many digits as their steps need. */
function dollars(values: readonly number[]): string[] {
  const step = (values[1] ?? 1) - (values[0] ?? 0);
  const digits = step >= 1 ? 0 : Math.min(6, Math.max(2, Math.ceil(-Math.log10(step))));
  return values.map((value) => (value === 0 ? '$0' : `$${value.toFixed(digits)}`));
}

function dayText(seconds: number): string {
  return DAY.format(seconds * 1000);
}

function draw(box: HTMLElement, days: readonly UsageItem[]): uPlot {
  const style = getComputedStyle(document.documentElement);
  const probe = document.createElement('span');
  box.append(probe);
  // A colour that depends on the theme is known once it is used.
  const colour = (name: string): string => {
    probe.style.color = style.getPropertyValue(name);
    return getComputedStyle(probe).color;
  };
  const [soft, line, ember] = [colour('--soft'), colour('--line'), colour('--ember')];
  probe.remove();
  const axis = { stroke: soft, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: '12px Inter Variable' };
  const bars = uPlot.paths.bars?.({ size: [BAR_SHARE, BAR_MAX_PX], radius: 0.15 });
  return new uPlot(
    {
      width: box.clientWidth,
      height: HEIGHT_PX,
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: true, range: (_, min, max) => [min - HALF_DAY_S, max + HALF_DAY_S] },
        y: { range: (_, __, max) => [0, max <= 0 ? 1 : max * 1.1] },
      },
      axes: [
        { ...axis, grid: { show: false }, size: 30, space: 64, values: (_, values) => values.map(dayText) },
        { ...axis, size: 64, values: (_, values) => dollars(values) },
      ],
      series: [{}, { fill: ember, stroke: ember, width: 0, points: { show: false }, ...(bars ? { paths: bars } : {}) }],
    },
    [days.map(({ key }) => Date.parse(`${key}T00:00`) / 1000), days.map(({ costUsd }) => costUsd)],
    box,
  );
}
