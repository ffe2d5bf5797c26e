// The sessions that this tab holds: it sends their heartbeats while it is open. They survive a reload.

import { call } from './api.js';
import { onOverview, overview } from './live.js';

const ADJECTIVES = ['amber', 'brisk', 'calm', 'deft', 'early', 'fair', 'gentle', 'keen', 'lucid', 'mild', 'quiet', 'swift'];
const ANIMALS = ['crane', 'finch', 'fox', 'hare', 'heron', 'ibis', 'lynx', 'marten', 'otter', 'owl', 'seal', 'wren'];
const STORED = 'orchestrator.sessions';
const held = new Map(read().map(session => [session.id, session]));
const leaving = new Set();
const listeners = [];
const leavers = [];

export const all = () => [...held.values()];
/** The one that the workbench shows: the newest. */
export const current = () => all().at(-1);
export const holds = id => held.has(id);
export const onChange = listener => listeners.push(listener);
/** Calls back with a session whose end is about to be asked for. */
export const onLeave = listener => leavers.push(listener);

/** Holds a session; the workbench shows the newest. */
export function hold(session) {
  held.delete(session.id);
  held.set(session.id, session);
  changed();
}

/** Ends a session; no heartbeat is sent while that runs. */
export async function leave(id, ending) {
  leaving.add(id);
  leavers.forEach(listener => listener(id));
  try {
    return await ending();
  } finally {
    leaving.delete(id);
  }
}

/** A name that is easier to distinguish than the server's ids. */
export function makeName() {
  const pick = words => words[Math.floor(Math.random() * words.length)];
  return `${pick(ADJECTIVES)}-${pick(ANIMALS)}-${100 + Math.floor(Math.random() * 900)}`;
}

/** Drops a session. */
export function drop(id) {
  if (held.delete(id)) changed();
}

export function start() {
  // A worker's clock keeps its pace in a hidden tab; the page's own would slow down to one beat a minute.
  const clock = new Worker(trusted(new URL('beat.js', import.meta.url).href));
  clock.onmessage = () => all().filter(({ id }) => !leaving.has(id)).forEach(beat);
  let pace = 0;
  onOverview(() => {
    const wanted = Math.max(1_000, leaseSeconds() * 1_000 / 4);
    if (wanted !== pace) clock.postMessage(pace = wanted);
  });
}

// The page's policy (Trusted Types) requires a worker's address to be marked as trusted.
function trusted(address) {
  const policy = globalThis.trustedTypes?.createPolicy('orchestrator', { createScriptURL: url => url });
  return policy ? policy.createScriptURL(address) : address;
}

export function leaseSeconds() {
  return overview()?.pools?.find(pool => pool.template === 'session')?.leaseSeconds ?? 60;
}

async function beat({ id }) {
  try {
    await call('POST', 'api/runner/heartbeat', { sessionId: id });
  } catch (problem) {
    // Any other error may be temporary; an ended lease does not come back.
    if (problem.status === 404) drop(id);
  }
}

function changed() {
  sessionStorage.setItem(STORED, JSON.stringify(all()));
  listeners.forEach(listener => listener());
}

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(STORED)) ?? [];
  } catch {
    return [];
  }
}
