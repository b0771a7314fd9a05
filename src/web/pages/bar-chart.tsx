/**
 * A bar chart as SVG in the page: no script, no style of its own, readable without colour and at 390 px. It is one image
 * to screen readers, with a title and a description; the page shows the same figures as a table. Each bar has its figure
 * as a tooltip. Proven by bar-chart.spec.ts.
 */
import { attr } from './components.js';

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** The value as people read it. */
  readonly text: string;
}

export interface BarChartProps {
  /** Begins the ids of title and description. */
  readonly id: string;
  readonly title: string;
  readonly desc: string;
  /** What the labels count. */
  readonly axis: string;
  /** At least one, in the order of the axis. */
  readonly bars: readonly Bar[];
  /** Where the scale may end, ascending. */
  readonly steps: readonly number[];
  readonly tick: (value: number) => string;
}

/** Units of the viewBox; text is 13 of them high. */
const WIDTH = 400;
const HEIGHT = 200;
const LEFT = 72;
const TOP = 12;
const BASE = 162;
const WIDEST_BAR = 36;
/** Of the room that a bar has. */
const FILLED = 0.72;

export function BarChart({ id, title, desc, axis, bars, steps, tick }: BarChartProps): JSX.Element {
  const top = scaleEnd(Math.max(...bars.map(({ value }) => value)), steps);
  const room = (WIDTH - LEFT) / bars.length;
  const width = Math.min(room * FILLED, WIDEST_BAR);
  const y = (value: number): number => BASE - ((BASE - TOP) * value) / top;
  const [first] = bars;
  const last = bars.length > 1 ? bars.at(-1) : undefined;
  return (
    <svg
      class="chart"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={String(WIDTH)}
      height={String(HEIGHT)}
      role="img"
      aria-labelledby={attr(`${id}-title`)}
      aria-describedby={attr(`${id}-desc`)}
    >
      <title id={attr(`${id}-title`)} safe>
        {title}
      </title>
      <desc id={attr(`${id}-desc`)} safe>
        {desc}
      </desc>
      {[top, top / 2, 0].map((value) => (
        <>
          <line class="grid" x1={String(LEFT)} x2={String(WIDTH)} y1={round(y(value))} y2={round(y(value))} />
          <text x={String(LEFT - 8)} y={round(y(value) + 4.5)} text-anchor="end" safe>
            {tick(value)}
          </text>
        </>
      ))}
      {bars.map(({ label, value, text }, i) => (
        <rect
          class="bar"
          x={round(LEFT + room * i + (room - width) / 2)}
          y={round(y(value))}
          width={round(width)}
          height={round(BASE - y(value))}
        >
          <title safe>{`${axis} ${label}: ${text}`}</title>
        </rect>
      ))}
      <text x={round(LEFT + room / 2)} y={String(BASE + 18)} text-anchor="middle" safe>
        {first?.label ?? ''}
      </text>
      {last === undefined ? (
        ''
      ) : (
        <text x={round(WIDTH - room / 2)} y={String(BASE + 18)} text-anchor={room < 40 ? 'end' : 'middle'} safe>
          {last.label}
        </text>
      )}
      <text x={String((LEFT + WIDTH) / 2)} y={String(BASE + 33)} text-anchor="middle" safe>
        {axis}
      </text>
    </svg>
  );
}

/** The least step that is no less than a value; above zero also where the value is zero. */
export function scaleEnd(value: number, steps: readonly number[]): number {
  return steps.find((step) => step >= value) ?? Math.max(value, Number.MIN_VALUE);
}

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

/** Ends of a scale of seconds whose halves are round too. */
export const TIME_STEPS: readonly number[] = [
  ...[1, 2, 4, 10, 20, 30, MINUTE],
  ...[2, 4, 10, 20, 30, 60].map((minutes) => minutes * MINUTE),
  ...[2, 4, 8, 12, 24].map((hours) => hours * HOUR),
  ...[2, 4, 8, 14, 30, 60, 120, 240, 400].map((days) => days * DAY),
];

/** 1, 2, 4 and 6 of every power of ten between 10^−18 (a wei) and 10^6. */
export const COIN_STEPS: readonly number[] = Array.from({ length: 25 }, (_, i) => i - 18).flatMap((power) =>
  [1, 2, 4, 6].map((digit) => Number(`${digit}e${power}`)),
);

function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}
