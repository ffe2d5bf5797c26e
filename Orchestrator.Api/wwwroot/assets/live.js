// One clock for the whole page: polls the overview every two seconds, notifies the views, keeps the last minutes, and
// detects when the API is away and when it is back.

import { $, show, text } from './dom.js';
import { call, key } from './api.js';
import { askForKey } from './dialogs.js';
import { advice } from './problem.js';

const INTERVAL = 2_000;
const HIDDEN_INTERVAL = 10_000;
const KEPT = 150;

const listeners = [];
/** The last minutes: one entry an overview. */
export const history = [];
let skew = 0;
let latest = null;
let wake = () => {};
let failures = 0;

/** The API's current time: deadlines are in it, and this machine's clock may differ. */
export const now = () => Date.now() + skew;
export const overview = () => latest;

/** Calls back with every overview; a hidden view returns early. */
export const onOverview = listener => listeners.push(listener);

/** Polls at once, after a change. */
export const refresh = () => wake();

export async function run() {
  document.addEventListener('visibilitychange', () => document.hidden || wake());
  for (;;) {
    const pause = await look().catch(ununderstood);
    await new Promise(resolve => {
      const timer = setTimeout(resolve, pause);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

async function look() {
  const began = performance.now();
  try {
    latest = await call('GET', 'api/overview', undefined, 15_000);
  } catch (problem) {
    return missed(problem);
  }
  skew = Date.parse(latest.now) - Date.now();
  const answerMs = performance.now() - began;
  remember(answerMs);
  if (failures > 0) show($('away'), false);
  failures = 0;
  document.body.classList.remove('stale');
  tellState();
  await Promise.all(listeners.map(listener => Promise.resolve(listener(latest)).catch(problem => tellListener(problem))));
  return document.hidden ? HIDDEN_INTERVAL : INTERVAL;
}

// An answer that is not from this API: another version of it, or another program.
function ununderstood(error) {
  console.error(error);
  lamp('bad', 'Unexpected answers: reload the page');
  return 5_000;
}

// A view shows its own problems; any that arrive here are the page's own.
function tellListener(problem) {
  if (!problem?.away) console.error(problem);
}

async function missed(problem) {
  if (problem.status === 401) {
    lamp('warn', 'A key is needed');
    await askForKey(Boolean(key.get()));
    return 0;
  }
  failures++;
  const pause = Math.min(500 * 2 ** Math.min(failures, 4), 5_000);
  document.body.classList.add('stale');
  lamp('bad', problem.away ? 'The API is away' : 'The API refuses');
  text($('away'), `${problem.message} ${latest ? 'The page shows the last known state. ' : ''}${advice(problem)}`);
  show($('away'), true);
  return pause;
}

function tellState() {
  const down = Object.entries(latest.health).filter(([, part]) => part.state === 'down').map(([name]) => name);
  if (down.length > 0) lamp('bad', `${down.join(', ')} down`);
  else if (!latest.health.engine.isolated) lamp('warn', 'Well, but runners are not isolated');
  else if (latest.health.store.durable === false) lamp('warn', 'Well, but Redis may lose tasks and leases');
  else lamp('good', 'All is well');
}

function lamp(kind, words) {
  const state = $('state');
  state.firstElementChild.className = `lamp ${kind}`;
  text(state.lastElementChild, words);
}

function remember(answerMs) {
  const sum = (list, pick) => list?.reduce((total, one) => total + pick(one), 0) ?? null;
  const ofState = state => sum(latest.tasks?.filter(one => one.state === state), one => one.count);
  history.push({
    at: now(),
    answerMs,
    leased: sum(latest.pools, pool => pool.leased),
    idle: sum(latest.pools, pool => pool.idle),
    pending: ofState('pending'),
    running: ofState('running'),
    hashRate: latest.mining?.hashRate ?? null,
    shares: latest.mining ? latest.mining.validShares + latest.mining.invalidShares : null,
  });
  if (history.length > KEPT) history.shift();
}
