// Health: each part, the remedy where one is down, links to other views, and charts of the last minutes.

import { $, h, keep, text } from './dom.js';
import { key, send } from './api.js';
import { chart } from './chart.js';
import { duration, number, plural } from './format.js';
import { onOverview, refresh } from './live.js';
import { current, onTab } from './tabs.js';

const PARTS = {
  engine: ['Engine', 'Start the container engine; no session loses its runner until then. ./orchestrator doctor shows details.'],
  store: ['Store', 'Check the data folder and its disk, or Redis or Valkey; nothing is reaped until it answers.'],
  queue: ['Queue', 'Check the store of the queue (the data folder, or Redis); tasks are kept.'],
  workers: ['Workers', 'Start a worker, or check its log; tasks wait in the queue.'],
  ledger: ['Ledger of shares', 'Check its store; the same shares can be submitted again.'],
};

const LINKS = {
  prometheus: ['Prometheus', 'metrics and alerts'],
  grafana: ['Grafana', 'dashboards'],
  dashboard: ['Aspire dashboard', 'traces, logs and resources'],
};

export function start() {
  const charts = [
    chart('Runners in use', entry => entry.leased, number),
    chart('Warm runners', entry => entry.idle, number),
    chart('Waiting tasks', entry => entry.pending, number),
    chart("The API's answer time", entry => entry.answerMs, duration),
  ];
  $('charts').append(...charts.map(one => h('div', { class: 'card' }, one.element)));
  onOverview(overview => {
    if (current() !== 'health') return;
    drawParts(overview);
    drawLinks(overview.links);
    drawAbout(overview);
    charts.forEach(one => one.draw());
  });
  onTab(() => current() === 'health' && refresh());
}

function drawParts(overview) {
  const parts = Object.keys(PARTS).map(name => ({ name, ...overview.health[name] }));
  if ($('parts').querySelector('.empty')) $('parts').replaceChildren();
  keep($('parts'), parts, part => part.name, ({ name }) => h('li', {},
    h('span', { class: 'lamp' }),
    h('div', { class: 'grow' }, h('p', {}, h('strong', {}, PARTS[name][0])), h('p', { class: 'quiet small told' })),
    h('span', { class: 'badge' })), (item, part) => {
    const kind = part.state === 'up' ? (part.isolated === false || part.durable === false ? 'warn' : 'good') : part.state === 'down' ? 'bad' : 'warn';
    item.querySelector('.lamp').className = `lamp ${kind}`;
    text(item.querySelector('.told'), part.state === 'down' ? PARTS[part.name][1] : tell(part, overview));
    text(item.querySelector('.badge'), part.state);
    item.querySelector('.badge').dataset.kind = kind;
  });
}

function tell(part, { workers, mode }) {
  if (part.name === 'engine' && part.isolated === false) return 'Local processes without isolation. With Docker, runners are hardened containers.';
  if (part.durable === false) return 'Redis may lose acknowledged writes: it evicts keys, or has no append-only file. The log names the cause.';
  if (part.name === 'workers') {
    if (!workers) return 'Unknown until Redis or Valkey answers.';
    const busy = workers.reduce((sum, worker) => sum + worker.busy, 0);
    const slots = workers.reduce((sum, worker) => sum + worker.slots, 0);
    return `${plural(workers.length, 'worker')}, ${busy} of ${plural(slots, 'slot')} busy: ${workers.map(worker => worker.id).join(', ')}`;
  }
  return { docker: 'Docker', process: 'local processes', sqlite: 'SQLite, in the data folder', redis: 'Redis or Valkey' }[part.kind] ?? part.kind ?? mode;
}

function drawLinks(links) {
  const there = Object.keys(LINKS).filter(name => /^https?:\/\//.test(links[name] ?? ''));
  keep($('links'), [...there, 'openapi', ...(there.length < 3 ? ['more'] : [])], name => name, name => {
    if (name === 'openapi') return h('li', {}, h('a', { href: 'openapi/v1.json', onclick: openDocument }, 'API document'), h('span', { class: 'quiet small' }, ' OpenAPI, imports into Postman'));
    if (name === 'more') return h('li', { class: 'quiet small' }, 'Set Links:Prometheus, Links:Grafana and Links:Dashboard to link them here.');
    const [title, what] = LINKS[name];
    return h('li', {}, h('a', { href: links[name], target: '_blank', rel: 'noopener noreferrer' }, title), h('span', { class: 'quiet small' }, ` ${what}`));
  });
}

// A link carries no key: with one set, the document is fetched and offered as a file.
async function openDocument(event) {
  if (!key.get()) return;
  event.preventDefault();
  const response = await send('GET', 'openapi/v1.json');
  const address = URL.createObjectURL(await response.blob());
  h('a', { href: address, download: 'orchestrator-openapi.json' }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

function drawAbout({ instance, version, mode }) {
  const facts = [
    ['Answered by', instance], ['Version', version],
    ['Runs', mode === 'embedded' ? 'as one process, with an embedded store' : 'distributed, over Redis or Valkey'],
  ];
  keep($('about'), facts, ([name]) => name, ([name]) => h('div', {}, h('dt', {}, name), h('dd', { class: 'code' })),
    (fact, [, value]) => text(fact.lastElementChild, value));
}
