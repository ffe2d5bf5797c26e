// Small charts of the last minutes: a line, its area, and the figures in words for screen readers.

import { h, s, text } from './dom.js';
import { history } from './live.js';
import { duration } from './format.js';

const WIDTH = 300;
const HEIGHT = 72;

/** Makes a chart; call `draw()` with every overview. `pick` reads the figure from an entry, `say` formats it. */
export function chart(name, pick, say, kind = '') {
  const area = s('path', { class: 'area' });
  const line = s('path', { class: 'stroke' });
  const picture = s('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': name },
    s('path', { class: 'grid', d: `M0 ${HEIGHT - 1}H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}` }), area, line);
  const value = h('strong', {}, '–');
  const range = h('span', { class: 'quiet' });
  const since = h('span', { class: 'quiet end' });
  const element = h('figure', { class: `chart ${kind}` },
    h('figcaption', { class: 'line' }, h('span', {}, name), value), picture, h('p', { class: 'line small' }, range, since));

  return { element, draw };

  function draw() {
    const points = history.map(entry => [entry.at, pick(entry)]).filter(([, y]) => y != null);
    if (points.length === 0) return;
    const values = points.map(([, y]) => y);
    const last = values[values.length - 1];
    const most = Math.max(...values);
    const from = points[0][0];
    const span = Math.max(points[points.length - 1][0] - from, 1);
    const at = ([x, y]) => `${((x - from) / span * WIDTH).toFixed(1)} ${(HEIGHT - 2 - y / Math.max(most, 1e-9) * (HEIGHT - 8)).toFixed(1)}`;
    const path = points.length === 1 ? `M0 ${at(points[0]).split(' ')[1]}H${WIDTH}` : `M${points.map(at).join('L')}`;
    line.setAttribute('d', path);
    area.setAttribute('d', `${path}V${HEIGHT}H0Z`);
    text(value, say(last));
    text(range, `at most ${say(most)}`);
    text(since, span > 1_000 ? `the last ${duration(span)}` : 'from now on');
    picture.setAttribute('aria-label', `${name}: now ${say(last)}, at most ${say(most)} in the last ${duration(span)}`);
  }
}
