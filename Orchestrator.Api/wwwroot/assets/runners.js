// The list of runners and the fill of their pools.

import { $, busy, h, keep, refocus, show, text } from './dom.js';
import { call } from './api.js';
import { chart } from './chart.js';
import { ask } from './dialogs.js';
import { age, countdown, number, short } from './format.js';
import { now, onOverview } from './live.js';
import { loadProblem, showProblem } from './problem.js';
import * as sessions from './sessions.js';
import { current, onTab } from './tabs.js';
import { giveBack } from './workbench.js';

const SHOWN = 100;
const ORDER = { creating: 1, leased: 0, idle: 2, removing: 3 };
const NAMES = { session: 'Sessions', machine: 'Machines' };

let runners = [];
let more;

/** The runner of a session, from the latest list. */
export const runnerOf = session => runners.find(runner => runner.owner?.kind === 'session' && runner.owner.id === session);

export function start() {
  const use = chart('In use', entry => entry.leased, number);
  $('use-chart').append(use.element);
  onOverview(async overview => {
    drawPools(overview.pools);
    use.draw();
    if (current() === 'runners' && !document.hidden) await load();
  });
  onTab(() => current() === 'runners' && load());
  sessions.onChange(draw);
  setInterval(drawTimes, 1_000);
}

async function load() {
  try {
    ({ runners, next: more } = await call('GET', `api/runner?limit=${SHOWN}`));
    showProblem($('runner-problem'), null);
  } catch (problem) {
    if (!problem.away && problem.status !== 401) showProblem($('runner-problem'), problem);
    return;
  }
  draw();
}

function draw() {
  const rank = runner => (sessions.holds(runner.owner?.id) ? -1 : ORDER[runner.state] ?? 9);
  const sorted = [...runners].sort((a, b) => rank(a) - rank(b) || Date.parse(b.createdAt) - Date.parse(a.createdAt));
  text($('runner-count'), more ? `${runners.length}+` : runners.length || '');
  show($('runner-table'), runners.length > 0);
  show($('runner-empty'), runners.length === 0 || Boolean(more));
  text($('runner-empty'), runners.length === 0
    ? 'No runners yet. Get one above; Runners:MinIdle sets how many are kept warm.'
    : `The oldest ${SHOWN}; GET api/runner lists them all, in pages.`);
  keep($('runner-table').tBodies[0], sorted, runner => runner.id, makeRow, updateRow);
}

function makeRow() {
  const cell = (label, ...children) => h('td', { role: 'cell', 'data-label': label }, ...children);
  return h('tr', { role: 'row' },
    cell('State', h('span', { class: 'badge' })),
    cell('Owner', h('span', { class: 'code owner' }), h('span', { class: 'quiet small kind' })),
    cell('Endpoint', h('span', { class: 'code endpoint' })),
    cell('Age', h('span', { class: 'age' })),
    cell('Time left', h('span', { class: 'left' }), h('progress', { max: '1', 'aria-label': 'Time left of the lease' })),
    h('td', { role: 'cell', class: 'acts' }));
}

function updateRow(row, runner) {
  const part = name => row.querySelector(`.${name}`);
  const mine = runner.owner?.kind === 'session' && sessions.holds(runner.owner.id);
  row.classList.toggle('mine', mine);
  row.title = `${runner.id}, container ${short(runner.containerId ?? 'not created yet')}, image ${runner.image ?? 'unknown'}`;
  text(part('badge'), runner.state === 'idle' ? 'warm' : runner.state);
  part('badge').dataset.kind = runner.state;
  text(part('owner'), runner.owner?.id ?? '');
  text(part('kind'), runner.owner ? ` ${mine ? 'this tab' : runner.owner.kind}` : `for ${NAMES[runner.template]?.toLowerCase() ?? runner.template}`);
  text(part('endpoint'), runner.endpoint ?? '–');
  row.dataset.created = runner.createdAt;
  row.dataset.expires = runner.expiresAt ?? '';
  row.dataset.state = runner.state;
  drawTime(row);
  const acts = runner.state === 'leased' && runner.owner?.kind === 'session';
  if (acts !== row.lastElementChild.childElementCount > 0) row.lastElementChild.replaceChildren(...(acts ? makeActs(runner) : []));
  if (acts) show(row.querySelector('.use'), sessions.current()?.id !== runner.owner.id);
}

function makeActs({ owner, endpoint, expiresAt }) {
  return [
    h('button', { type: 'button', class: 'small', 'aria-label': `Open the runner of ${owner.id}`, onclick: event => open(event.target, owner.id) }, 'Open'),
    h('button', { type: 'button', class: 'small use', 'aria-label': `Use here the runner of ${owner.id}`, onclick: () => takeOver(owner.id, endpoint, expiresAt) }, 'Use here'),
    h('button', { type: 'button', class: 'small', 'aria-label': `Remove the runner of ${owner.id}`, onclick: () => remove(owner.id) }, 'Remove'),
  ];
}

// Its code is loaded when it is needed.
async function open(button, id) {
  await busy(button, 'Opening…', async () => {
    try {
      const sandbox = await import('./sandbox.js');
      await sandbox.open(id, button);
    } catch (error) {
      showProblem($('runner-problem'), loadProblem(error));
    }
  });
}

function takeOver(id, endpoint, expiresAt) {
  sessions.hold({ id, endpoint, expiresAt, how: 'taken over from the list' });
  $('code').focus();
}

async function remove(id) {
  const sure = sessions.holds(id)
    || await ask('Remove this runner?', `Session ${id} is not of this tab: its runner may be in use, and anything running in it ends.`, 'Remove it');
  if (!sure) return;
  await giveBack(id);
  await load();
  refocus($('runners'));
}

function drawTimes() {
  if (current() === 'runners' && !document.hidden) [...$('runner-table').tBodies[0].rows].forEach(drawTime);
}

function drawTime(row) {
  const { created, expires, state } = row.dataset;
  const left = expires ? Date.parse(expires) - now() : null;
  text(row.querySelector('.age'), age(now() - Date.parse(created)));
  text(row.querySelector('.left'), left !== null ? countdown(left) : state === 'leased' ? 'no expiry' : '–');
  const bar = row.querySelector('progress');
  bar.parentElement.classList.toggle('none', left === null && state !== 'leased');
  show(bar, left !== null);
  if (left !== null) bar.value = Math.min(1, Math.max(0, left / (sessions.leaseSeconds() * 1_000)));
}

function drawPools(pools) {
  if (!pools) {
    $('pools').replaceChildren(h('p', { class: 'empty' }, 'Unknown until the store answers.'));
    return;
  }
  if (!$('pools').querySelector('.pool')) $('pools').replaceChildren();
  keep($('pools'), pools, pool => pool.template, makePool, updatePool);
}

function makePool(pool) {
  return h('div', { class: 'pool' },
    h('p', { class: 'line' }, h('strong', {}, NAMES[pool.template] ?? pool.template), h('span', { class: 'quiet fill' })),
    h('div', { class: 'beads', 'aria-hidden': 'true' }),
    h('p', { class: 'quiet small told' }));
}

function updatePool(element, pool) {
  text(element.querySelector('.fill'), `${pool.idle} of ${pool.minIdle} warm`);
  text(element.querySelector('.told'), [
    `${pool.leased} in use${pool.maxLeased ? ` of ${pool.maxLeased}` : ''}`,
    pool.creating > 0 && `${pool.creating} starting`,
    pool.removing > 0 && `${pool.removing} being removed`,
    pool.minIdle === 0 && 'none is kept warm (MinIdle is 0)',
  ].filter(Boolean).join(' · '));
  const beads = [
    ...Array(Math.min(pool.leased, 24)).fill('leased'), ...Array(Math.min(pool.idle, 24)).fill('idle'),
    ...Array(Math.min(pool.creating, 12)).fill('creating'), ...Array(Math.min(pool.removing, 12)).fill('removing'),
    ...Array(Math.max(0, Math.min(pool.minIdle, 24) - pool.idle - pool.creating)).fill('missing'),
  ];
  keep(element.querySelector('.beads'), beads.map((kind, at) => ({ kind, at })), bead => `${bead.at}`,
    () => h('span', {}), (bead, { kind }) => { bead.className = kind; });
}
