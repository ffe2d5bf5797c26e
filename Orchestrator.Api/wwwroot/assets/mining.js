// Mining: the round, its shares, who found them, and how fast.

import { $, h, keep, show, text } from './dom.js';
import { chart } from './chart.js';
import { age, number, rate, short } from './format.js';
import { now, onOverview, refresh } from './live.js';
import { current, onTab } from './tabs.js';
import { on, watch } from './tasks.js';

// Bitcoin's first block, whose nonce is known: a search that begins shortly before it finds a share.
const HEADER = '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d00000000';
const NONCE = 2_083_236_893;
const FARTHEST = 20_000_000;

export function start() {
  const speed = chart('Hash rate', entry => entry.hashRate, rate);
  const shares = chart('Shares in the ledger', entry => entry.shares, number);
  $('hash-chart').append(speed.element);
  $('share-chart').append(shares.element);
  on('mine', (_, place) => watch(place, {
    type: 'mine',
    input: { header: HEADER, first_nonce: NONCE - Math.floor(Math.random() * FARTHEST), count: FARTHEST + 1, worker_id: 'page' },
  }));
  onOverview(({ mining }) => {
    if (current() !== 'mining') return;
    draw(mining);
    speed.draw();
    shares.draw();
  });
  onTab(() => current() === 'mining' && refresh());
}

function draw(mining) {
  if (!mining) {
    $('mining-figures').replaceChildren(h('div', {}, h('dt', {}, 'Ledger'), h('dd', {}, 'does not answer')));
    return;
  }
  const figures = [
    ['Round', number(mining.round), 'the newest with a submission'],
    ['Target difficulty', mining.targetDifficulty, 'the least of a valid share'],
    ['Hash rate', mining.hashRate == null ? '–' : rate(mining.hashRate), 'over the last minute'],
    ['Valid shares', number(mining.validShares), `${number(mining.roundValidShares)} in this round`],
    ['Invalid shares', number(mining.invalidShares), `${number(mining.roundInvalidShares)} in this round`],
    ['Workers', number(mining.uniqueWorkers), 'that submitted a share'],
  ];
  keep($('mining-figures'), figures, ([name]) => name,
    ([name]) => h('div', {}, h('dt', {}, name), h('dd', {}, h('strong', {}), h('span', { class: 'quiet small' }))),
    (figure, [, value, told]) => {
      text(figure.querySelector('strong'), value);
      text(figure.querySelector('span'), told);
    });
  drawShares(mining.recentShares);
}

function drawShares(shares) {
  show($('share-table'), shares.length > 0);
  show($('share-empty'), shares.length === 0);
  text($('share-empty'), 'No shares yet. Search for one above, or start the miner with Mining:Enabled=true.');
  const cell = (label, ...children) => h('td', { role: 'cell', 'data-label': label }, ...children);
  keep($('share-table').tBodies[0], shares, share => share.submissionId, share => h('tr', { role: 'row', title: share.submissionId },
    cell('Found', h('span', { class: 'badge', 'data-kind': share.valid ? 'complete' : 'failed' }, share.valid ? 'valid' : 'invalid')),
    cell('Worker', h('span', { class: 'code' }, share.workerId)),
    cell('Round', number(share.roundNumber)),
    cell('Difficulty', String(share.difficulty)),
    cell('Hash', h('span', { class: 'code' }, short(share.hash, 20))),
    cell('Age', h('span', { class: 'age' }))), (row, share) => text(row.querySelector('.age'), age(now() - Date.parse(share.timestamp))));
}
