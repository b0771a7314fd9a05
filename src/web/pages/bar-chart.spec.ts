import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BarChart, COIN_STEPS, scaleEnd, TIME_STEPS, type Bar } from './bar-chart.js';
import { html } from './components.js';
import { HOSTILE } from './sample-views.fixture.js';

const drawn = (bars: readonly Bar[], words = 'x', steps = TIME_STEPS): string =>
  html(
    BarChart({
      id: 'c',
      title: `T ${words}`,
      desc: `D ${words}`,
      axis: words,
      bars,
      steps,
      tick: (value) => `${value} s`,
    }),
  );
const bars = (...values: readonly number[]): readonly Bar[] =>
  values.map((value, i) => ({ label: String(i + 1), value, text: `${value} s` }));

interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
function rects(svg: string): readonly Rect[] {
  return [...svg.matchAll(/<rect class="bar" x="([^"]*)" y="([^"]*)" width="([^"]*)" height="([^"]*)"/g)].map(
    ([, x, y, width, height]) => ({ x: Number(x), y: Number(y), width: Number(width), height: Number(height) }),
  );
}

describe('a bar chart', () => {
  it('is one image with a title and a description, and has no style or script of its own', () => {
    const svg = drawn(bars(1, 2));
    expect(svg).toContain('role="img" aria-labelledby="c-title" aria-describedby="c-desc"');
    expect(svg).toMatch(/<title id="c-title">T x<\/title>\s*<desc id="c-desc">D x<\/desc>/);
    expect(svg).not.toMatch(/style=|<style|<script|\son\w+=/);
  });

  it('shows each value by a height in proportion, from one base, with its figure as a tooltip', () => {
    const svg = drawn(bars(10, 5, 0));
    const [ten, five, zero] = rects(svg);
    expect(ten!.height).toBeCloseTo(five!.height * 2, 1);
    expect(zero!.height).toBe(0);
    for (const { y, height } of rects(svg)) expect(y + height).toBeCloseTo(ten!.y + ten!.height, 1);
    expect(svg).toContain('<title>x 2: 5 s</title>');
    // The scale ends at a step: 10 s is one, and its half is told too.
    for (const tick of ['>10 s<', '>5 s<', '>0 s<']) expect(svg).toContain(tick);
  });

  it('fits any values and any number of bars', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 30 }),
        fc.constantFrom(TIME_STEPS, COIN_STEPS),
        (values, steps) => {
          const svg = drawn(bars(...values), 'x', steps);
          expect(svg).not.toMatch(/NaN|Infinity/);
          const drawnBars = rects(svg);
          expect(drawnBars).toHaveLength(values.length);
          for (const [i, { x, y, width, height }] of drawnBars.entries()) {
            expect(y).toBeGreaterThanOrEqual(12);
            expect(height).toBeGreaterThanOrEqual(0);
            expect(x + width).toBeLessThanOrEqual(400.01);
            const next = drawnBars[i + 1];
            if (next) expect(x + width).toBeLessThan(next.x);
          }
        },
      ),
    );
  });

  it('lets no hostile word become markup', () => {
    const svg = drawn([{ label: HOSTILE, value: 1, text: HOSTILE }], HOSTILE);
    expect(svg).not.toMatch(/<(?!\/?(?:svg|title|desc|line|text|rect)[\s>])/);
  });
});

describe('the end of a scale', () => {
  it('is the least step that is not below the highest value', () => {
    expect([0, 1, 1.5, 61, 3_601, 90_000].map((value) => scaleEnd(value, TIME_STEPS))).toEqual([
      1, 1, 2, 120, 7_200, 172_800,
    ]);
    expect(scaleEnd(0.000_025, COIN_STEPS)).toBe(0.000_04);
    expect(scaleEnd(1e12, TIME_STEPS)).toBe(1e12);
  });
});
